import { describe, expect, it } from 'vitest'
import { ENABLE_SUBGROUPS, withSubgroups } from '../../../workers/runtime/wgsl/subgroups.ts'

/** As tfjs writes it, shortened. */
const around = (code: string): string => `
  var<private> workgroupId: vec3<u32>;
  ${code}
  fn main(index : i32) {}
  @compute @workgroup_size(64, 1, 1)
  fn _start(@builtin(workgroup_id) WorkgroupId : vec3<u32>,
            @builtin(num_workgroups) NumWorkgroups : vec3<u32>) {
    workgroupId = WorkgroupId;
    main(getGlobalIndex());
  }`

describe('code around a kernel', () => {
  it('stays as it is where no subgroups are asked for', () => {
    expect(withSubgroups(around(''))).toBe(around(''))
  })

  it("begins with the directive, once, and knows an invocation's place", () => {
    const code = withSubgroups(around(ENABLE_SUBGROUPS))
    expect(code.startsWith(ENABLE_SUBGROUPS)).toBe(true)
    expect(code.split(ENABLE_SUBGROUPS)).toHaveLength(2)
    expect(code).toContain('@builtin(subgroup_invocation_id) SubgroupLane : u32,')
    expect(code).toContain('subgroupLane = SubgroupLane;')
  })

  it('is refused where it has another entry point', () => {
    expect(() => withSubgroups(`${ENABLE_SUBGROUPS} fn _start() {}`)).toThrow('entry point')
  })
})
