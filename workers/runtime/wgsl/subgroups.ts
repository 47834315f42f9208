/**
 * Subgroups in kernels that run through tfjs, which writes its own declarations before a kernel's code and the entry
 * point behind it: a directive would have to stand before, and what the entry point is given within.
 */

/** What a kernel's code begins with where it uses subgroups; then it also has `subgroupLane : u32`. */
export const ENABLE_SUBGROUPS = 'enable subgroups;'

const ENTRY = '@builtin(workgroup_id) WorkgroupId : vec3<u32>,'
const GIVEN = 'workgroupId = WorkgroupId;'

/** What tfjs wrote around a kernel's code, as the language wants it. */
export function withSubgroups(code: string): string {
  if (!code.includes(ENABLE_SUBGROUPS)) return code
  if (!code.includes(ENTRY) || !code.includes(GIVEN)) {
    throw new Error('withSubgroups: tfjs writes its entry point in another way')
  }
  const rest = code
    .replace(ENABLE_SUBGROUPS, 'var<private> subgroupLane : u32;')
    .replace(ENTRY, `${ENTRY} @builtin(subgroup_invocation_id) SubgroupLane : u32,`)
    .replace(GIVEN, `${GIVEN} subgroupLane = SubgroupLane;`)
  return `${ENABLE_SUBGROUPS}\n${rest}`
}

/** The device itself, whose shader modules may use subgroups wherever tfjs puts the directive. */
export function takingSubgroups(device: GPUDevice): GPUDevice {
  const create = device.createShaderModule.bind(device)
  device.createShaderModule = (descriptor) => create({ ...descriptor, code: withSubgroups(descriptor.code) })
  return device
}
