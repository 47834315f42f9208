/**
 * `npm run bench`: a step of ours against what one would write first, in turns on the same machine. Standard output is
 * the table, or with `--json` nothing but an array; progress goes to standard error.
 */
import process from 'node:process'
import { parseArgs } from 'node:util'
import { hasVulkan } from '../../workers/host/dawn.ts'
import { groups, ideaGroups, type Group } from './cases.ts'
import { costGroups, costTable } from './cost.ts'
import { loadTable, measureLoads } from './loading/loading.ts'
import { measureGroup, type Measurement } from './measure.ts'
import { nodeRunner } from './nodeRunner.ts'
import { servePage } from './page/serve.ts'
import { table } from './table.ts'

const HELP = `npm run bench [-- OPTIONS]

  --json          print an array of measurements and nothing else
  --only WORDS    measure what these words name alone, for example "tune demo-student wasm"
  --ideas         what each idea is worth, from the first version to ours
  --cost          tuning on the teacher against tuning the student and transferring
  --loading       time and memory of loading a 124 M GPT-2 and a 135 M Llama from disk
  --minutes N     begin no further round after N minutes (18)
  --page          serve a page that measures in a browser, until Ctrl-C
  --port N        port of the page (8790)
`

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    ideas: { type: 'boolean', default: false },
    cost: { type: 'boolean', default: false },
    loading: { type: 'boolean', default: false },
    minutes: { type: 'string', default: '18' },
    page: { type: 'boolean', default: false },
    port: { type: 'string', default: '8790' },
    help: { type: 'boolean', default: false },
  },
})

if (values.help) process.stdout.write(HELP)
else if (values.page) await servePage(Number(values.port))
else if (values.loading) await loading()
else await measure()

async function measure(): Promise<void> {
  const words = values.only.split(/[\s,]+/).filter((word) => word !== '')
  const machine = { webgpu: hasVulkan() }
  const chosen = (values.cost ? costGroups() : values.ideas ? ideaGroups(machine) : groups(machine)).flatMap(
    ({ specs, passes }): Group[] => {
      const some = specs.filter((spec) => words.every((word) => Object.values(spec).includes(word)))
      return some.length > 0 ? [{ specs: some, passes }] : []
    },
  )
  const end = performance.now() + Number(values.minutes) * 60_000
  const measurements: Measurement[] = []
  for (const [index, group] of chosen.entries()) {
    const until = performance.now() + (end - performance.now()) / (chosen.length - index)
    try {
      measurements.push(...(await measureGroup(group, { run: nodeRunner, say, until })))
    } catch (error) {
      // What others came to is not lost with it.
      say(error instanceof Error ? error.message : String(error))
      process.exitCode = 1
    }
  }
  if (values.json) process.stdout.write(`${JSON.stringify(measurements, null, 1)}\n`)
  else process.stdout.write(values.cost ? costTable(measurements) : table(measurements))
}

async function loading(): Promise<void> {
  const loads = await measureLoads({ webgpu: hasVulkan(), say })
  process.stdout.write(values.json ? `${JSON.stringify(loads, null, 1)}\n` : loadTable(loads))
}

function say(line: string): void {
  process.stderr.write(`bench: ${line}\n`)
}
