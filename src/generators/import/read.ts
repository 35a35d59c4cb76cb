import type { z } from 'zod'
import { FulcrumError } from '../../model/index.ts'

/** JSON as Python writes it, with the number of values that are not numbers. */
export interface PythonJson {
  readonly value: unknown
  /** Number of `NaN` and infinities, which become null. */
  readonly notNumbers: number
}

/**
 * Parses JSON in which Python's `NaN`, `Infinity` and `-Infinity` may replace unknown numbers. They become null.
 * @throws SyntaxError for any other invalid JSON
 */
export function parsePythonJson(text: string): PythonJson {
  let notNumbers = 0
  const clean = text.replace(/"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b/g, token => {
    if (token.startsWith('"')) return token
    notNumbers++
    return 'null'
  })
  return { value: JSON.parse(clean) as unknown, notNumbers }
}

/** Removes null values from a summary: they were not numbers and count as absent. */
export function withoutNulls(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const entries = Object.entries(value).map(([key, item]) => [key, isMetric(item) ? known(item) : item] as const)
  return Object.fromEntries(entries.filter(([, item]) => !(isMetric(item) && !('avg' in item))))
}

const isMetric = (item: unknown): item is { readonly [statistic: string]: unknown } =>
  typeof item === 'object' && item !== null && 'unit' in item

const known = (metric: { readonly [statistic: string]: unknown }) =>
  Object.fromEntries(Object.entries(metric).filter(([, figure]) => figure !== null))

/** Error of an unreadable summary: which program wrote it, the problem, and the supported layout. */
export function unreadable(layout: string, version: string, why: string): FulcrumError {
  return new FulcrumError('bad-input', 'summary-unreadable', `${version}: ${why}. Fulcrum reads ${layout}`)
}

/** The first mismatch with a layout, in words. */
export function mismatch({ issues: [issue] }: z.ZodError): string {
  const path = issue?.path.join('.') || 'the file'
  if (issue?.code !== 'invalid_type') return `${path} is not as expected (${issue?.message ?? 'unknown'})`
  return /received undefined/.test(issue.message) ? `${path} is missing` : `${path} should be of type ${issue.expected}`
}
