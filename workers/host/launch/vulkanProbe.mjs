/** Ends with 0 when Dawn finds an adapter here. */
import process from 'node:process'
import { create } from 'webgpu'

process.exit((await create([]).requestAdapter()) === null ? 1 : 0)
