/** Process that runs one transfer. Started by the queue's runner; see childProcess.ts. */
import { serveCalls } from './childHarness.ts'
import { runTransferWork } from './transferWork.ts'
import type { TransferWork } from './types.ts'

// The host built the value and types it; nothing of it is read from the network.
serveCalls((body, onProgress) => runTransferWork(body as TransferWork, onProgress))
