/** The twin: a simulated deployment fitted to a measured one. It predicts points that were not measured. */
export * from './fit.ts'
export * from './fit-twin.ts'
export { blankProfile, type TwinParameters } from './parameters.ts'
export * from './predict.ts'
export * from './twin.ts'
export { parseTwin, readTwin, twinFile, twinText } from './twin-file.ts'
