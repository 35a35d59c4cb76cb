import { type FitResult, type FitTask, fitParameters } from '../../analysis/twin/fit.ts'

/** Called by tinypool in a worker thread for one fit of a twin. */
export default function runFit(task: FitTask): FitResult {
  return fitParameters(task)
}
