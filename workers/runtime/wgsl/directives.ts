/**
 * Directives of kernels that run through tfjs, which writes its own declarations before a kernel's code and the entry
 * point behind it: a directive has to stand before all of that, and what the entry point is given comes from within.
 */

/** What a kernel's code begins with where it uses subgroups; then it also has `subgroupLane : u32`. */
export const ENABLE_SUBGROUPS = 'enable subgroups;'

/** What it begins with where it computes in halves. */
export const ENABLE_HALVES = 'enable f16;'

const ENTRY = '@builtin(workgroup_id) WorkgroupId : vec3<u32>,'
const GIVEN = 'workgroupId = WorkgroupId;'

/** What tfjs wrote around a kernel's code, as the language wants it. */
export function withDirectives(code: string): string {
  const inPlace = code.includes(ENABLE_SUBGROUPS) ? withSubgroupLane(code) : code
  const directives = [ENABLE_SUBGROUPS, ENABLE_HALVES].filter((directive) => inPlace.includes(directive))
  if (directives.length === 0) return code
  return [...directives, directives.reduce((rest, directive) => rest.replace(directive, ''), inPlace)].join('\n')
}

function withSubgroupLane(code: string): string {
  if (!code.includes(ENTRY) || !code.includes(GIVEN)) {
    throw new Error('withDirectives: tfjs writes its entry point in another way')
  }
  return code
    .replace(ENABLE_SUBGROUPS, `${ENABLE_SUBGROUPS} var<private> subgroupLane : u32;`)
    .replace(ENTRY, `${ENTRY} @builtin(subgroup_invocation_id) SubgroupLane : u32,`)
    .replace(GIVEN, `${GIVEN} subgroupLane = SubgroupLane;`)
}

/** The device itself, whose shader modules may have directives wherever tfjs puts them. */
export function takingDirectives(device: GPUDevice): GPUDevice {
  const create = device.createShaderModule.bind(device)
  device.createShaderModule = (descriptor) => create({ ...descriptor, code: withDirectives(descriptor.code) })
  return device
}
