import { type FitResult, type FitTask, fitParameters } from '../../analysis/twin/fit.ts'

/** What tinypool calls in a worker thread: one of the fits of a twin. */
export default function runFit(task: FitTask): FitResult {
  return fitParameters(task)
}
