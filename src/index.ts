/**
 * Fulcrum's public API: define, plan and run sweeps, read runs, analyze, compare, plan capacity, write reports, and add
 * deployers, generators and engines. Anything that is not exported here may change in any version.
 *
 * Functions load their dependencies when they are called, so that importing the API for a sweep in TypeScript is fast.
 */

export type { Analysis, WorkloadAnalysis } from './analysis/analyse.ts'
export type { CapacityPlan } from './analysis/capacity/plan.ts'
export type { Comparison } from './analysis/compare/comparison.ts'
export { type CapacityAnswer, type CapacityInput, type CapacityOptions, capacity } from './api/capacity.ts'
export { defineSweep, type SweepInput } from './api/define-sweep.ts'
export {
  longestRunMs,
  type MeasuredRequests,
  measurementOf,
  promptTexts,
  runProgram,
  writeTokenizer,
} from './api/generators.ts'
export { planSweep } from './api/plan-sweep.ts'
export {
  comparisonJson,
  comparisonJunit,
  comparisonMarkdown,
  openMetrics,
  pointsCsv,
  pointsParquet,
  reportMarkdown,
  runJson,
  writeCapacity,
  writeComparison,
  writeOverlay,
  writeReport,
} from './api/reports.ts'
export { type RunEvent, type RunOptions, runSweep } from './api/run-sweep.ts'
export { analyse, type CompareOptions, compare, readRun } from './api/runs.ts'
export type { SweepOptions } from './api/sweep-of.ts'
export type { DeployerContext } from './deployers/context.ts'
export { defineDeployer } from './deployers/define-deployer.ts'
export type { Deployer } from './deployers/deployer.ts'
export { defineGenerator, type GeneratorContext } from './generators/define-generator.ts'
export type { LoadGenerator } from './generators/generator.ts'
export type { PointResult } from './journal/event.ts'
export type { Run } from './journal/run.ts'
export type { Measurement } from './metrics/measurement.ts'
export { type Deployment, type Endpoint, exitCodes, FulcrumError, type Point } from './model/index.ts'
export type { Plan, Sweep } from './spec/sweep.ts'
export { field } from './yaml/field.ts'
export { decisive, operational } from './yaml/keys.ts'
export { durationInSeconds, program } from './yaml/kinds.ts'
