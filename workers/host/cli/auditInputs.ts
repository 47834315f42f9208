/** What audits on real rows read before their long work: slips are found at once. */
import type { Tokenizer } from '../../model/tokenizer.ts'
import { defaultDelta } from '../../privacy/plan.ts'
import type { ClassifyTask } from '../../protocol/task.ts'
import type { LoadFile } from '../../protocol/tuner.ts'
import type { TuningRequest } from '../../protocol/tuning.ts'
import { requireClassify } from '../../task/kinds.ts'
import { requireLabelWords } from '../../task/labelWords.ts'
import type { PreparedRows } from '../../task/rows.ts'
import type { Example } from '../../task/types.ts'
import { selectRows } from '../../tune/prepare.ts'
import { readDataFile, readTaskFile } from '../inputs.ts'
import { openModelFolder, type ModelFolder } from '../modelFolder.ts'
import { modelTokenizer } from '../../model/modelTokenizer.ts'
import { NAME, type RunArguments } from './auditArguments.ts'
import { usageError } from './options.ts'

export type AuditInputs = {
  readonly task: ClassifyTask
  readonly examples: readonly Example[]
  readonly selected: PreparedRows
  readonly model: ModelFolder<LoadFile>
  readonly tokenizer: Tokenizer
  readonly labelTokens: readonly (readonly number[])[]
}

export async function readInputs({ taskFile, dataFile, columns, modelDir }: RunArguments): Promise<AuditInputs> {
  const task = requireClassify(await readTaskFile(taskFile), 'audit needs classes')
  const { examples, report } = await readDataFile(dataFile, columns)
  if (report.labelColumn === null) {
    throw usageError(NAME, `${dataFile} has no column of labels; name it with --label-column`)
  }
  const model = await openModelFolder(modelDir)
  const tokenizer = modelTokenizer(model.files)
  const selected = selectRows(task, examples, tokenizer)
  return { task, examples, selected, model, tokenizer, labelTokens: requireLabelWords(task, tokenizer) }
}

/** δ as in `tune` where none was given. */
export function requestOf({ request }: RunArguments, rows: number): TuningRequest {
  const { budget, knobs } = request
  return {
    ...knobs,
    budget: budget === null ? null : { epsilon: budget.epsilon, delta: budget.delta ?? defaultDelta(rows) },
  }
}
