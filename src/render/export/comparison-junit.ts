import type { Comparison } from '../../analysis/compare/comparison.ts'
import { lossesOf } from '../../analysis/compare/losses.ts'
import { pointName } from '../../analysis/compare/match.ts'
import type { GateOutcome } from '../../analysis/gates/outcome.ts'
import { escapeHtml } from '../html/html.ts'
import { changeText } from '../views/comparison-words.ts'
import { valueText } from '../views/format.ts'

/**
 * JUnit XML as GitLab, Jenkins and GitHub Actions read it: a suite per gate, a case per point. Cases that were not
 * tested are errors with a reason. Points without a base figure are skipped. Without gates, every figure that is shown
 * to be slower is a failure.
 */
export function comparisonJunit(comparison: Comparison): string {
  const suites = comparison.gates.length > 0 ? comparison.gates.map(gateSuite) : [slowerSuite(comparison)]
  const cases = suites.flatMap(suite => suite.cases)
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="fulcrum compare" ${counts(cases)}>`,
    ...suites.map(
      ({ name, cases: own }) =>
        `  <testsuite name="${attribute(name)}" ${counts(own)}>\n${own.map(one => xmlCase(name, one)).join('\n')}\n  </testsuite>`,
    ),
    '</testsuites>',
    '',
  ].join('\n')
}

interface Case {
  readonly name: string
  readonly outcome: 'passed' | 'failure' | 'error' | 'skipped'
  readonly message: string
}

interface Suite {
  readonly name: string
  readonly cases: readonly Case[]
}

function counts(cases: readonly Case[]): string {
  const count = (outcome: Case['outcome']) => cases.filter(one => one.outcome === outcome).length
  return `tests="${cases.length}" failures="${count('failure')}" errors="${count('error')}" skipped="${count('skipped')}"`
}

const outcomes = { passed: 'passed', failed: 'failure', 'not tested': 'error', skipped: 'skipped' } as const

function gateSuite({ gate, outcome, reason, cases }: GateOutcome): Suite {
  const own = cases.map(
    (one): Case => ({
      name: one.name,
      outcome: outcomes[one.outcome],
      message: one.change === undefined ? one.message : messageOf(one.change),
    }),
  )
  // A gate without cases would look like a success.
  const said = own.some(one => one.outcome === 'error' || one.outcome === 'failure')
  return {
    name: gate.text,
    cases: outcome === 'not tested' && !said ? [...own, { name: 'any point', outcome: 'error', message: reason }] : own,
  }
}

function slowerSuite({ points, onlyBase, head }: Comparison): Suite {
  const compared = points.flatMap(point =>
    point.changes.map((change): Case => {
      const lost = point.base.status === 'ok' && point.head.status !== 'ok'
      return {
        name: `${pointName(point.head)}: ${change.figure.title}`,
        outcome: lost
          ? 'error'
          : change.verdict === 'slower'
            ? 'failure'
            : change.adjustedP === null
              ? 'skipped'
              : 'passed',
        message: messageOf(change),
      }
    }),
  )
  const missing = lossesOf(points, onlyBase, head).missing.map(
    (point): Case => ({
      name: pointName(point),
      outcome: 'error',
      message: 'HEAD has no result here, but BASE does',
    }),
  )
  return { name: 'slower', cases: [...compared, ...missing] }
}

function messageOf(change: Comparison['points'][number]['changes'][number]): string {
  if (change.verdict === 'not comparable') return change.why
  const why = change.why === '' ? '' : `, ${change.why}`
  return `${change.figure.title}: ${valueText(change.figure, change.base)} → ${valueText(change.figure, change.head)}, ${changeText(change)}, ${change.verdict}${why}`
}

function xmlCase(suite: string, { name, outcome, message }: Case): string {
  const open = `    <testcase classname="${attribute(suite)}" name="${attribute(name)}"`
  return outcome === 'passed' ? `${open}/>` : `${open}><${outcome} message="${attribute(message)}"/></testcase>`
}

/** XML 1.0 does not allow control characters, not even escaped. */
function attribute(text: string): string {
  return escapeHtml(text.replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')).replace(
    /[\t\n\r]/g,
    character => `&#${character.charCodeAt(0)};`,
  )
}
