import type { Comparison } from '../../analysis/compare/compare.ts'
import { pointName } from '../../analysis/compare/match.ts'
import { escapeHtml } from '../html.ts'
import { changeText, valueText } from './words.ts'

/**
 * JUnit XML as GitLab, Jenkins and GitHub actions read it: a suite a threshold, a case a point. A point that cannot be compared is
 * skipped with its reason. Without thresholds, every figure shown slower is a failure.
 */
export function comparisonJunit(comparison: Comparison): string {
  const suites = comparison.thresholds.length > 0 ? thresholdSuites(comparison) : [slowerSuite(comparison)]
  const cases = suites.flatMap(suite => suite.cases)
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="fulcrum compare" tests="${cases.length}" failures="${count(cases, 'failure')}" skipped="${count(cases, 'skipped')}">`,
    ...suites.map(
      ({ name, cases: own }) =>
        `  <testsuite name="${attribute(name)}" tests="${own.length}" failures="${count(own, 'failure')}" errors="0" skipped="${count(own, 'skipped')}">\n${own.map(xmlCase).join('\n')}\n  </testsuite>`,
    ),
    '</testsuites>',
    '',
  ].join('\n')
}

interface Case {
  readonly suite: string
  readonly name: string
  readonly outcome: 'passed' | 'failure' | 'skipped'
  readonly message: string
}

interface Suite {
  readonly name: string
  readonly cases: readonly Case[]
}

const count = (cases: readonly Case[], outcome: Case['outcome']) => cases.filter(c => c.outcome === outcome).length

function thresholdSuites(comparison: Comparison): Suite[] {
  return comparison.thresholds.map(({ threshold, broken }) => ({
    name: threshold.text,
    cases: comparison.points.flatMap(point =>
      point.changes
        .filter(change => change.figure === threshold.figure)
        .map(change => ({
          suite: threshold.text,
          name: pointName(point.head),
          outcome: broken.some(one => one.change === change)
            ? ('failure' as const)
            : change.verdict === 'not comparable'
              ? ('skipped' as const)
              : ('passed' as const),
          message: messageOf(change),
        })),
    ),
  }))
}

function slowerSuite(comparison: Comparison): Suite {
  return {
    name: 'slower',
    cases: comparison.points.flatMap(point =>
      point.changes.map(change => ({
        suite: 'slower',
        name: `${pointName(point.head)}: ${change.figure.title}`,
        outcome:
          change.verdict === 'slower'
            ? 'failure'
            : change.verdict === 'not comparable'
              ? 'skipped'
              : ('passed' as const),
        message: messageOf(change),
      })),
    ),
  }
}

function messageOf(change: Comparison['points'][number]['changes'][number]): string {
  if (change.verdict === 'not comparable') return change.why
  return `${change.figure.title}: ${valueText(change.figure, change.base)} → ${valueText(change.figure, change.head)}, ${changeText(change)}, ${change.verdict}`
}

function xmlCase({ suite, name, outcome, message }: Case): string {
  const open = `    <testcase classname="${attribute(suite)}" name="${attribute(name)}"`
  return outcome === 'passed' ? `${open}/>` : `${open}><${outcome} message="${attribute(message)}"/></testcase>`
}

/** XML 1.0 has no place for control characters, escaped or not. */
function attribute(text: string): string {
  return escapeHtml(text.replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')).replace(
    /[\t\n\r]/g,
    character => `&#${character.charCodeAt(0)};`,
  )
}
