/** A process that measures one {@link Spec}, so that its memory and compiled code are its own. */
import { once } from 'node:events'
import process from 'node:process'
import { Measured, type Answer, type Question } from './measured.ts'
import { nodePlatform } from './nodePlatform.ts'
import type { Spec } from './types.ts'

const [text] = process.argv.slice(2)
const measured = await Measured.open(JSON.parse(text ?? '') as Spec, nodePlatform)
answer(measured.opened)
for (;;) {
  const [question] = (await once(process, 'message')) as [Question | 'end']
  if (question === 'end') break
  answer(await measured.answer(question))
}
await measured.close()
// Dawn keeps its process alive.
process.exit()

function answer(value: Answer): void {
  process.send?.(value)
}
