/** The command line as a container's entry point: the packages are there, so nothing is looked after before it. */
import process from 'node:process'
import { runCommandLine } from '../cli/runCommandLine.ts'

await runCommandLine(process.argv.slice(2))
