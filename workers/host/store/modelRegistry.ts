/** The models this host has: every folder of `models/` with a manifest. Read once at start. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { SoftpostError } from '../../protocol/errors.ts'
import type { ModelInfo } from '../../protocol/wire.ts'
import { readManifest } from '../modelFolder.ts'
import { firstLine, type Log } from '../queue/log.ts'
import { isMissing } from './atomic.ts'

export type ServedModel = { readonly info: ModelInfo; readonly dir: string }
export type ModelPair = { readonly student: ServedModel; readonly teacher: ServedModel }

export class ModelRegistry {
  readonly #models: ReadonlyMap<string, ServedModel>

  private constructor(models: ReadonlyMap<string, ServedModel>) {
    this.#models = models
  }

  /** A folder whose manifest is wrong is left out with a warning: the others still serve. */
  static async open(root: string, log: Log): Promise<ModelRegistry> {
    const models = new Map<string, ServedModel>()
    for (const name of await folders(root, log)) {
      const dir = join(root, name)
      try {
        const info = await readManifest(dir)
        if (models.has(info.id)) log('warn', `two models are called ${info.id}; the one in ${name} is left out`)
        else models.set(info.id, { info, dir })
      } catch (error) {
        log('warn', `model folder ${name} is left out: ${firstLine(error)}`)
      }
    }
    return new ModelRegistry(models)
  }

  get size(): number {
    return this.#models.size
  }

  /** What anybody may know. A teacher's files are not given out and not even named. */
  list(): ModelInfo[] {
    return [...this.#models.values()]
      .map(({ info }) => (info.role === 'student' ? info : withoutFiles(info)))
      .sort((a, b) => a.id.localeCompare(b.id))
  }

  /** A file that may be downloaded: of a student, and named in its manifest. Null for anything else. */
  file(
    id: string,
    name: string,
  ): { readonly path: string; readonly sizeBytes: number; readonly sha256: string } | null {
    const model = this.#models.get(id)
    if (model?.info.role !== 'student') return null
    const file = model.info.files.find((file) => file.name === name)
    return file ? { path: join(model.dir, file.name), sizeBytes: file.sizeBytes, sha256: file.sha256 } : null
  }

  /** The large model that a result was made for. Errors: `model-unknown` when it is not here, or no more the same. */
  teacher(wanted: { readonly id: string; readonly sha256: string }): ServedModel {
    const model = this.#teacher(wanted.id)
    if (model?.info.sha256 !== wanted.sha256) {
      throw new SoftpostError('model-unknown', `this host no longer has the large model ${wanted.id} of this prompt`)
    }
    return model
  }

  /** The student that a prompt was made for, and its teacher. Errors: `model-unknown`, `prompt-mismatch`. */
  pair(student: { readonly id: string; readonly sha256: string }): ModelPair {
    const model = this.#models.get(student.id)
    if (model?.info.role !== 'student') {
      throw new SoftpostError('model-unknown', `this host has no student model ${student.id}; see /v1/models`)
    }
    if (model.info.sha256 !== student.sha256) {
      throw new SoftpostError(
        'prompt-mismatch',
        `the prompt was made for another version of ${student.id}; load the model again and tune on it`,
      )
    }
    const teacher = model.info.teacher === null ? null : this.#teacher(model.info.teacher)
    if (teacher === null) {
      throw new SoftpostError('model-unknown', `this host has no teacher for the student model ${student.id}`)
    }
    return { student: model, teacher }
  }

  #teacher(id: string): ServedModel | null {
    const model = this.#models.get(id)
    return model?.info.role === 'teacher' ? model : null
  }
}

function withoutFiles(info: ModelInfo): ModelInfo {
  return { ...info, files: [] }
}

async function folders(root: string, log: Log): Promise<string[]> {
  try {
    const entries = await readdir(root, { withFileTypes: true })
    return entries.filter((entry) => entry.isDirectory() || entry.isSymbolicLink()).map((entry) => entry.name)
  } catch (error) {
    if (!isMissing(error)) throw error
    log('warn', `there is no models folder ${root}; the host has no models`)
    return []
  }
}
