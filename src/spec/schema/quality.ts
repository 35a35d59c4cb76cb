import { z } from 'zod'
import { duration, field, json, positiveInt } from '../../yaml/field.ts'

const lmEvalSchema = field(
  z.strictObject({
    tasks: field(
      z.array(z.string().regex(/^[^\s,]+$/)).min(1),
      'Tasks of lm-evaluation-harness.',
      'write a list such as [gsm8k]',
    ),
    binary: field(
      z.string().min(1),
      'The program: a path with a `/`, relative to this file, or a name on PATH. Default: `lm_eval`.',
      'write a path such as ./venv/bin/lm_eval',
    ).default('lm_eval'),
    limit: field(
      positiveInt,
      'Number of documents of each task. Default: all.',
      'write a whole number from 1',
    ).optional(),
    fewshot: field(
      z.int().min(0),
      'Number of examples before each document. Default: the task’s own.',
      'write a whole number from 0',
    ).optional(),
    args: field(
      z.array(z.string()),
      'Extra arguments, added after all others. Default: none.',
      'write a list such as [--include_path, ./tasks]',
    ).default([]),
    timeout: field(
      duration,
      'Time limit for one run of the program. Default: `2h`.',
      'write a duration such as 30m',
    ).default('2h'),
  }),
  'Runs lm-evaluation-harness 0.4 on the deployment. Default: not run.',
  'write { tasks: [gsm8k], limit: 200 }',
)

/** Schema of the section `quality`. */
export const qualitySchema = field(
  z.strictObject({
    questions: field(
      z.string().min(1),
      'Path of a file of questions, relative to this file: JSON lines with `question` or `messages`, and `answer` or `pattern`. Default: none.',
      'write the path of a JSONL file such as ./questions.jsonl',
    ).optional(),
    at: field(
      z.enum(['deployment', 'point']),
      '`deployment` checks each deployment once, at its valid point with the highest load. `point` checks at each load level. Default: `deployment`.',
      'write deployment or point',
    ).default('deployment'),
    max_tokens: field(
      positiveInt,
      'Maximum number of tokens of an answer. Default: 256.',
      'write a whole number from 1',
    ).default(256),
    system: field(
      z.string().min(1),
      'System prompt for each question. Default: none.',
      'write a text such as "Answer with the number only."',
    ).optional(),
    extra: field(
      z.record(z.string(), json),
      'Fields to add to the body of each question. They override the fields that Fulcrum sets. `load.extra` does not apply here. Default: none.',
      'write { chat_template_kwargs: { enable_thinking: false } }',
    ).default({}),
    lm_eval: lmEvalSchema.optional(),
  }),
  'Checks the answers of each deployment after a measurement window, at the load of that point. Does not affect point ids. Default: no check.',
  'write { questions: ./questions.jsonl }',
)

/** The section `quality` with its defaults. */
export type RawQuality = z.output<typeof qualitySchema>
