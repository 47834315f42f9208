/**
 * `npm run bench [-- --json] [--only WORDS]`: a step of ours against what one would write first, in turns on the same
 * machine. Standard output is the table, or with `--json` nothing but an array; progress goes to standard error.
 */
import process from 'node:process'
import { parseArgs } from 'node:util'
import { hasVulkan } from '../../workers/host/dawn.ts'
import { groups } from './cases.ts'
import { measureGroup, type Measurement } from './measure.ts'
import { table } from './table.ts'

const { values } = parseArgs({ options: { json: { type: 'boolean' }, only: { type: 'string' } } })
const words = (values.only ?? '').split(/[\s,]+/).filter((word) => word !== '')
const measurements: Measurement[] = []
for (const group of groups({ webgpu: hasVulkan() })) {
  const specs = group.specs.filter((spec) => words.every((word) => Object.values(spec).includes(word)))
  if (specs.length > 0) measurements.push(...(await measureGroup({ ...group, specs })))
}
process.stdout.write(values.json === true ? `${JSON.stringify(measurements, null, 1)}\n` : table(measurements))
