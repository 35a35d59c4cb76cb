import { z } from 'zod'
import type { EngineSettings, Json, Role } from '../model/index.ts'
import { type RouterMode, routerModes } from './routing.ts'

/** Orders that an engine process accepts. */
export type Order =
  | { readonly do: 'add'; readonly role: Role; readonly settings: EngineSettings; readonly loadMs: number }
  | { readonly do: 'remove'; readonly worker: string }
  /** Changes how workers are picked from now on. */
  | { readonly do: 'route'; readonly routing: RouterMode }

/** An order as sent: one JSON object per line on the engine's standard input. */
export type Command = Order & { readonly id: number }

/** A report of the engine: one JSON object per line on its standard output. */
export type Report =
  | { readonly event: 'listening'; readonly url: string }
  /** The command is complete: the worker is ready, has answered everything and left, or the router has changed. */
  | { readonly event: 'done'; readonly id: number; readonly worker: string }
  | { readonly event: 'refused'; readonly id: number; readonly message: string }

/** One probability for all prompts, or one derived from each prompt's repetitions. */
export type Acceptance = number | 'by-prompt'

/** Start options of an engine process: its only argument, as JSON. */
export interface EngineStart {
  readonly profile: string
  readonly model: string
  readonly tokenizer: string
  /** 0 for any free port. */
  readonly port: number
  readonly routing: RouterMode
  /** Share of known questions that get a wrong answer, 0–1; default: none. */
  readonly errorRate?: number | undefined
  /** Probability that a drafted token is accepted if those before it were, 0–1; by default no worker drafts. */
  readonly acceptance?: Acceptance | undefined
  /** Share of an answer's tokens that are reasoning, 0–1; default: none. */
  readonly reasoningShare?: number | undefined
  /** Other names that requests may use, such as adapters. */
  readonly adapters?: readonly string[] | undefined
  /** Folder with the words of one token, if all prompts consist of such words; see `createTokenCounter`. */
  readonly wordFolder?: string | undefined
}

const json: z.ZodType<Json> = z.json()
const role = z.enum(['prefill', 'decode', 'aggregated'])
const commandSchema = z.discriminatedUnion('do', [
  z.strictObject({
    id: z.int(),
    do: z.literal('add'),
    role,
    settings: z.record(z.string(), json),
    loadMs: z.number().nonnegative(),
  }),
  z.strictObject({ id: z.int(), do: z.literal('remove'), worker: z.string() }),
  z.strictObject({ id: z.int(), do: z.literal('route'), routing: z.enum(routerModes) }),
])
const startSchema = z.strictObject({
  profile: z.string(),
  model: z.string(),
  tokenizer: z.string(),
  port: z.int().nonnegative(),
  routing: z.enum(routerModes),
  errorRate: z.number().min(0).max(1).optional(),
  acceptance: z.union([z.number().min(0).max(1), z.literal('by-prompt')]).optional(),
  reasoningShare: z.number().min(0).max(1).optional(),
  adapters: z.array(z.string()).optional(),
  wordFolder: z.string().optional(),
})
const reportSchema = z.discriminatedUnion('event', [
  z.strictObject({ event: z.literal('listening'), url: z.string() }),
  z.strictObject({ event: z.literal('done'), id: z.int(), worker: z.string() }),
  z.strictObject({ event: z.literal('refused'), id: z.int(), message: z.string() }),
])

/** @throws ZodError or SyntaxError if the line is not a command */
export function parseCommand(line: string): Command {
  return commandSchema.parse(JSON.parse(line))
}

/** @throws ZodError or SyntaxError if the line is not a report */
export function parseReport(line: string): Report {
  return reportSchema.parse(JSON.parse(line))
}

/** @throws ZodError or SyntaxError if the argument is not valid */
export function parseStart(argument: string): EngineStart {
  return startSchema.parse(JSON.parse(argument))
}
