import { z } from 'zod'
import type { EngineSettings, Json, Role } from '../model/index.ts'
import { type RouterMode, routerModes } from './routing.ts'

/** What an engine process can be told to do. */
export type Order =
  | { readonly do: 'add'; readonly role: Role; readonly settings: EngineSettings; readonly loadMs: number }
  | { readonly do: 'remove'; readonly worker: string }
  /** Picks workers in another way from now on. */
  | { readonly do: 'route'; readonly routing: RouterMode }

/** An order as it is sent: one JSON object a line on the engine's standard input. */
export type Command = Order & { readonly id: number }

/** What it says, one JSON object a line on its standard output. */
export type Report =
  | { readonly event: 'listening'; readonly url: string }
  /** The command is carried out: the worker is ready, has answered everything and left, or the router is another. */
  | { readonly event: 'done'; readonly id: number; readonly worker: string }
  | { readonly event: 'refused'; readonly id: number; readonly message: string }

/** One chance for all, or what each prompt's repetitions say. */
export type Acceptance = number | 'by-prompt'

/** How an engine process is started: its one argument, as JSON. */
export interface EngineStart {
  readonly profile: string
  readonly model: string
  readonly tokenizer: string
  /** 0: any free port. */
  readonly port: number
  readonly routing: RouterMode
  /** Share of known questions that get a wrong answer, 0–1; none unless given. */
  readonly errorRate?: number | undefined
  /** Chance that a drafted token is accepted after those before it, 0–1; no worker drafts unless given. */
  readonly acceptance?: Acceptance | undefined
  /** Share of an answer's tokens that are reasoning, 0–1; none unless given. */
  readonly reasoningShare?: number | undefined
  /** Other names that it answers to, such as adapters. */
  readonly adapters?: readonly string[] | undefined
  /** Folder of the words of one token, where all prompts consist of such words; see `createTokenCounter`. */
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

/** @throws ZodError or SyntaxError for a line that is no command */
export function parseCommand(line: string): Command {
  return commandSchema.parse(JSON.parse(line))
}

/** @throws ZodError or SyntaxError for a line that is no report */
export function parseReport(line: string): Report {
  return reportSchema.parse(JSON.parse(line))
}

/** @throws ZodError or SyntaxError for an argument that is no start */
export function parseStart(argument: string): EngineStart {
  return startSchema.parse(JSON.parse(argument))
}
