/** Four invocations that read together: to a program on the CPU a read costs more than handing on what was read. */

/** `handedOn(own)`: what each of four read, to all of them. All of a workgroup must come to it, and as often. */
export const HANDING_ON = `
  fn handedOn(own : f32) -> vec4<f32> {
    return vec4<f32>(quadBroadcast(own, 0u), quadBroadcast(own, 1u), quadBroadcast(own, 2u), quadBroadcast(own, 3u));
  }`

/**
 * `name(at)`: a vec4 of `array`. With `quads` the place must be the same to all of a workgroup, and each of four
 * invocations reads one lane.
 */
export function readAlike(name: string, array: string, quads: boolean): string {
  const value = quads ? `handedOn(${array}[at][subgroupLane % 4u])` : `${array}[at]`
  return `fn ${name}(at : i32) -> vec4<f32> { return ${value}; }`
}
