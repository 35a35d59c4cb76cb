import { shellWord } from '../../model/index.ts'
import type { Component } from './component.ts'
import type { Field } from './fields.ts'

/** Why arguments can't be added, and the remedy. */
export interface NoArguments {
  readonly problem: string
  readonly right: string
}

/** The command that Dynamo's operator gives a frontend without one. */
const usualFrontend = { command: ['python3'], args: ['-m', 'dynamo.frontend'] }

/**
 * Appends arguments to a component's program. All parsers use the last occurrence of a name.
 * @param isFrontend whether a missing command means the operator's default frontend
 */
export function withArguments(
  component: Component,
  more: readonly string[],
  isFrontend = false,
): { readonly fields: readonly Field[] } | NoArguments {
  const { name, command, args, commandText, containerPath } = component
  const at = (key: string) => [...containerPath, key]
  const script = args.length === 1 && command.some(word => /^(-l?c|-ec)$/.test(word)) ? args[0] : undefined
  if (script !== undefined) {
    const line = script.trim().replace(/\\\r?\n/g, ' ')
    if (!/[;&|\n]/.test(line)) {
      const value = [[line, ...more.map(word => shellWord(word))].join(' ')]
      return { fields: [{ path: at('args'), value }] }
    }
    return {
      problem: `${name} runs a script of several commands, so Fulcrum cannot add arguments to it`,
      right: 'write its command and args as lists',
    }
  }
  if (commandText !== '') return { fields: [{ path: at('args'), value: [...args, ...more] }] }
  if (!isFrontend) {
    return { problem: `${name} has no command or args to add settings to`, right: 'write out its command' }
  }
  return {
    fields: [
      { path: at('command'), value: usualFrontend.command },
      { path: at('args'), value: [...usualFrontend.args, ...more] },
    ],
  }
}
