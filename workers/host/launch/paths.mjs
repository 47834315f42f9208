/** Places in the project. */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('../../../', import.meta.url))

/** @param {...string} parts */
export const inRoot = (...parts) => join(ROOT, ...parts)

/** Files of the scripts' own: locks, stamps, reports. Git ignores it. */
export const WORK_DIR = inRoot('.softpost')
