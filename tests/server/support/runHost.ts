/** A host in a process of its own, for tests that kill it: node runHost.ts OPTIONS-AS-JSON [classify]. Says its URL when it answers. */
import process from 'node:process'
import type { HostOptions } from '../../../workers/host/config.ts'
import { startHost } from '../../../workers/host/server/startHost.ts'
import { SCRIPTS } from './scripts.ts'

const options = JSON.parse(process.argv[2] ?? '') as HostOptions
const real = new URL('../../../workers/host/work/classifyChild.ts', import.meta.url)
const classify = process.argv[3] === 'classify' ? real : SCRIPTS.classify
const host = await startHost(options, { scripts: { ...SCRIPTS, classify }, reconcileMs: 1_000 })
process.stdout.write(`${host.url}\n`)
