import { describe, expect, it } from 'vitest'
import { ENABLE_HALVES, ENABLE_SUBGROUPS, withDirectives } from '../../../workers/runtime/wgsl/directives.ts'

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
  it('stays as it is where nothing is asked for', () => {
    expect(withDirectives(around(''))).toBe(around(''))
  })

  it("begins with the directive, once, and knows an invocation's place", () => {
    const code = withDirectives(around(ENABLE_SUBGROUPS))
    expect(code.startsWith(ENABLE_SUBGROUPS)).toBe(true)
    expect(code.split(ENABLE_SUBGROUPS)).toHaveLength(2)
    expect(code).toContain('@builtin(subgroup_invocation_id) SubgroupLane : u32,')
    expect(code).toContain('subgroupLane = SubgroupLane;')
  })

  it('begins with all directives that it has', () => {
    const code = withDirectives(around(`${ENABLE_HALVES}\n${ENABLE_SUBGROUPS}`))
    expect(code.startsWith(`${ENABLE_SUBGROUPS}\n${ENABLE_HALVES}\n`)).toBe(true)
    expect(code.split('enable')).toHaveLength(3)
    expect(withDirectives(around(ENABLE_HALVES)).startsWith(ENABLE_HALVES)).toBe(true)
  })

  it('is refused where it has another entry point', () => {
    expect(() => withDirectives(`${ENABLE_SUBGROUPS} fn _start() {}`)).toThrow('entry point')
  })
})
