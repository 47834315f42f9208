import type { Repair } from '../../../workers/protocol/tuner.ts'
import { Button } from '../../ui/Button.tsx'
import { ErrorNotice } from '../../ui/ErrorNotice.tsx'
import { Checkbox } from '../../ui/Field.tsx'
import { formatPlural } from '../../ui/format.ts'
import { DATA_COPY } from './copy.ts'
import { chooseRepair, makeEdited, openEdited, saveEdited } from './editedFile.ts'
import styles from './ProblemsCard.module.css'
import { useData } from './store.ts'

/** Repairs that compare rows, in a file of their own. */
export function EditedFile({ repairs }: { readonly repairs: readonly Repair[] }) {
  const edit = useData((state) => state.edit)
  const words = DATA_COPY.problems.edit
  const isMaking = edit.status === 'making'
  return (
    <section className={styles.edit} aria-label={words.title}>
      <h3 className={styles.editTitle}>{words.title}</h3>
      <p className={styles.detail}>{words.lead}</p>
      {repairs.map((repair) => (
        <Checkbox
          key={repair}
          label={words.names[repair]}
          checked={edit.repairs.includes(repair)}
          disabled={isMaking}
          onChange={(isChosen) => chooseRepair(repair, isChosen)}
        />
      ))}
      {edit.status === 'failed' ? <ErrorNotice error={edit.error} safe={DATA_COPY.failed.safe} /> : null}
      <output>{edit.status === 'made' ? words.made(formatPlural(edit.rows, 'row')) : null}</output>
      <div className={styles.actions}>
        {edit.status === 'made' ? (
          <>
            <Button variant="primary" onClick={() => void openEdited()}>
              {words.use}
            </Button>
            <Button onClick={saveEdited}>{words.save}</Button>
          </>
        ) : (
          <Button busy={isMaking} disabled={edit.repairs.length === 0} onClick={() => void makeEdited()}>
            {words.make}
          </Button>
        )}
      </div>
    </section>
  )
}
