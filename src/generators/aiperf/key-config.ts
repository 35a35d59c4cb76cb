import type { Load } from '../../model/index.ts'

/**
 * A configuration for AIPerf that names the environment variable of the bearer token. AIPerf reads the variable itself,
 * so no command line and no file contains the token. A configuration must have a dataset and a phase. The command-line
 * arguments override their contents but can't change the kind of the phase, so it has the kind of the load.
 */
export function keyConfig(variable: string, { level, requests }: Load, traceFile = ''): string {
  const traced = level.kind === 'trace'
  const kind =
    level.kind === 'rate'
      ? `type: ${level.arrivals.kind}, rate: ${level.requestsPerS}`
      : traced
        ? 'type: fixed_schedule'
        : 'type: concurrency, concurrency: 1'
  const until = traced ? '' : requests === undefined ? ', duration: 1' : ', requests: 1'
  const dataset = traced
    ? `type: file, path: ${JSON.stringify(traceFile)}, format: mooncake_trace`
    : 'type: synthetic, prompts: { isl: 1, osl: 1 }'
  return [
    'schema_version: "2.0"',
    'benchmark:',
    '  endpoint:',
    `    api_key: \${${variable}}`,
    '  datasets:',
    `    - { name: main, ${dataset} }`,
    '  phases:',
    `    - { name: profiling, ${kind}${until} }`,
    '',
  ].join('\n')
}
