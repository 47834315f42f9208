/** What a distilled student's manifest says of it. */
import { basename } from 'node:path'
import type { DistillState } from '../../distill/checkpoint.ts'
import type { ManifestWords, ModelFolder } from '../modelFolder.ts'
import type { DistillArguments } from './distillArguments.ts'

export function describeStudent(
  asked: DistillArguments,
  { manifest }: ModelFolder,
  { steps, tokens }: Pick<DistillState, 'steps' | 'tokens'>,
): ManifestWords {
  const { weights, temperature } = asked.settings
  const kept = `layers ${asked.layers.join(', ')} of the ${manifest.layers} layers of ${manifest.id}`
  const corpus = [...new Set(asked.corpusFiles.map(({ path }) => basename(path)))].join(', ')
  return {
    id: asked.id,
    role: 'student',
    teacher: manifest.id,
    name: `${manifest.name}, distilled to ${asked.layers.length} of its ${manifest.layers} layers`,
    description: `Embeddings, head and ${kept}, distilled from it on public text.`,
    licence: manifest.licence,
    provenance:
      `Cut from ${manifest.id} (sha256 ${manifest.sha256}) and distilled by softpost distill: ` +
      `${weights.ce} ce + ${weights.lm} lm + ${weights.cos} cos at temperature ${temperature}, ${steps} steps, ` +
      `${tokens} tokens of ${corpus}${asked.frozenEmbeddings ? ', token embeddings frozen' : ''}.` +
      (manifest.provenance === undefined ? '' : ` ${manifest.id}: ${manifest.provenance}`),
  }
}
