/** What a measured process needs of where it runs: Node, or a worker of the benchmark's page. */
import type { Engine } from '../../workers/pool/types.ts'
import type { ModelFile } from '../../workers/protocol/tuner.ts'

export interface Platform {
  /** Files of a model of `models/`. */
  readFiles(model: string): Promise<readonly ModelFile[]>
  readWasm(): Promise<readonly ModelFile[]>
  /** Undefined where the platform has no WebGPU. */
  openGpu(): Promise<GPU | undefined>
  /** tfjs's gradients, which the product does not carry. */
  installGradients(): Promise<void>
  /** The product's WASM pool, and how many members it has. */
  openPool(): Promise<{ readonly engine: Engine; readonly members: number }>
  /** Most memory that the process had at once; null where the platform does not say. */
  residentBytes(): number | null
}
