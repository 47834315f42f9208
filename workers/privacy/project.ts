/** What is said of several runs that belong together, and the check of what others say. */
import type { MechanismClaim, ProjectClaim } from '../protocol/certificate.ts'
import { SoftpostError } from '../protocol/errors.ts'
import { epsilonOfRuns } from './accountant/accountant.ts'
import { epsilonUnderFilter } from './accountant/filter.ts'

/**
 * ε at `delta` of the runs together. A unit is trained on in all of them or held out in all, so the larger of the two
 * counts.
 */
export function projectEpsilon(
  { runs, composition }: Pick<ProjectClaim, 'runs' | 'composition'>,
  delta: number,
): number {
  const epsilonOf = composition === 'renyi-filter' ? epsilonUnderFilter : epsilonOfRuns
  const train = runs.map(({ sigma, sampleRate, steps }) => ({ sigma, sampleRate, steps }))
  const heldOut = runs.flatMap(({ heldOut }) =>
    heldOut === null ? [] : [{ sigma: heldOut.sigma, sampleRate: 1, steps: heldOut.evaluations }],
  )
  return Math.max(epsilonOf(train, delta), epsilonOf(heldOut, delta))
}

/**
 * @param tolerance by which a claim may lie (relative) below the recomputed ε.
 * @throws SoftpostError `certificate` for a project that claims less than its runs prove, or that this run is not in.
 */
export function checkProject(project: ProjectClaim, run: MechanismClaim, tolerance: number): void {
  const isIn = project.runs.some(
    ({ sigma, sampleRate, steps }) => sigma === run.sigma && sampleRate === run.sampleRate && steps === run.steps,
  )
  if (!isIn || project.delta !== run.delta) {
    throw new SoftpostError('certificate', "the certificate's project does not hold the run that it is about")
  }
  const epsilon = projectEpsilon(project, project.delta)
  if (project.epsilon >= Math.max(epsilon, run.epsilon) * (1 - tolerance)) return
  throw new SoftpostError(
    'certificate',
    `the certificate claims ε = ${project.epsilon} for its project, but its runs give ${epsilon.toPrecision(6)}; tune again with a current version`,
    { data: { claimed: project.epsilon, recomputed: epsilon } },
  )
}
