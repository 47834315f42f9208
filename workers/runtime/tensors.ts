/** Lifetimes of tensors that outlive the `tidy` that made them. */
import { keep, Tensor, tidy } from '@tensorflow/tfjs-core'

/** Every tensor of a value made of plain objects and arrays. */
function tensorsIn(value: unknown): Tensor[] {
  if (value instanceof Tensor) return [value]
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return []
  return Object.values(value).flatMap(tensorsIn)
}

/** Runs `make` in a `tidy` that spares the tensors of its result. */
export function kept<T>(make: () => T): T {
  const held: T[] = []
  tidy(() => {
    const value = make()
    held.push(value)
    return tensorsIn(value)
  })
  const [value] = held
  // `tidy` either ran `make` to its end or threw.
  return value as T
}

/** Takes the tensors of `value` out of every `tidy` around: they live until they are disposed. */
export function keepAll<T>(value: T): T {
  for (const tensor of tensorsIn(value)) keep(tensor)
  return value
}

export function disposeAll(value: unknown): void {
  for (const tensor of tensorsIn(value)) tensor.dispose()
}

/** A float32 tensor's values; the tensor is freed. */
export async function take(tensor: Tensor): Promise<Float32Array<ArrayBuffer>> {
  try {
    // A copy: some backends hand out a view of memory that the next tensor reuses.
    return Float32Array.from(await tensor.data())
  } finally {
    tensor.dispose()
  }
}

/** An int32 tensor's values; the tensor is freed. */
export async function takeIntegers(tensor: Tensor): Promise<Int32Array<ArrayBuffer>> {
  try {
    return Int32Array.from(await tensor.data<'int32'>())
  } finally {
    tensor.dispose()
  }
}
