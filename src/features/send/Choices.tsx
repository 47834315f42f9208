import type { Suggestion } from '../../../workers/protocol/publicSets.ts'
import type { Alpha } from '../../../workers/protocol/wire.ts'
import { Card } from '../../ui/Card.tsx'
import { Choice } from '../../ui/Choice.tsx'
import { Select } from '../../ui/Field.tsx'
import { Notice } from '../../ui/Notice.tsx'
import { Slider } from '../../ui/Slider.tsx'
import { SEND_COPY } from './copy.ts'
import { publicSetWords } from './publicSetWords.ts'
import styles from './Choices.module.css'
import { chooseAlpha, choosePublicSet, type Provider } from './store.ts'

type ChoicesProps = {
  readonly provider: Provider
  readonly publicSet: string
  readonly suggestion: Suggestion | null
  readonly alpha: Alpha
}

/** Half and half, where a person starts to decide. */
const OWN_ALPHA = 0.5

export function Choices({ provider, publicSet, suggestion, alpha }: ChoicesProps) {
  const copy = SEND_COPY.choices
  const set = provider.publicSets.find(({ id }) => id === publicSet)
  return (
    <Card title={copy.title} lead={copy.lead}>
      {set === undefined ? (
        <Notice tone="warn" title={copy.noSets} />
      ) : (
        <div className={styles.set}>
          <Select
            label={copy.publicSet}
            hint={copy.publicSetHint}
            value={publicSet}
            onChange={choosePublicSet}
            options={provider.publicSets.map(({ id, name }) => ({ value: id, label: name }))}
          />
          <p className={styles.described}>
            {publicSetWords(set).description}
            <br />
            {copy.describeSet(set.rows, set.licence, publicSetWords(set).domain)}
          </p>
          {suggestion?.id === set.id && provider.publicSets.length > 1 ? (
            <p className={styles.described}>{copy.suggested(suggestion.shared)}</p>
          ) : null}
        </div>
      )}
      <fieldset className={styles.alpha}>
        <legend className={styles.legend}>{copy.alpha}</legend>
        <Choice
          name="alpha"
          label={copy.alphaAuto}
          hint={copy.alphaAutoHint}
          checked={alpha === 'auto'}
          onChoose={() => chooseAlpha('auto')}
        />
        <Choice name="alpha" label={copy.alphaOwn} checked={alpha !== 'auto'} onChoose={() => chooseAlpha(OWN_ALPHA)} />
        {alpha === 'auto' ? null : <AlphaScale alpha={alpha} />}
      </fieldset>
    </Card>
  )
}

function AlphaScale({ alpha }: { readonly alpha: number }) {
  const copy = SEND_COPY.choices
  return (
    <div className={styles.scale}>
      <Slider
        label={copy.alphaScale}
        value={alpha}
        min={0}
        max={1}
        step={0.05}
        valueText={copy.alphaWords(alpha)}
        onChange={chooseAlpha}
      />
      <p className={styles.ends}>
        <span>{copy.alphaLow}</span>
        <span>{copy.alphaHigh}</span>
      </p>
      <p className={styles.value}>
        {copy.alphaWords(alpha)} ({copy.alphaFigure(alpha)})
      </p>
    </div>
  )
}
