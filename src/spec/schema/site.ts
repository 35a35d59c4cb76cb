import { z } from 'zod'
import { field, share } from '../../yaml/field.ts'

const amount = (about: string, example: number) =>
  field(z.number().positive(), about, `write a positive number such as ${example}`)

const currency = field(
  z
    .string()
    .regex(/^[A-Za-z]{3}$/)
    .refine(text => Intl.supportedValuesOf('currency').includes(text.toUpperCase())),
  'Currency as an ISO 4217 code. Default: none, and amounts have no unit.',
  'write an ISO 4217 code such as EUR',
).optional()

const kwh = amount('Price of a kWh, on top of the GPU-hours, for all measured energy. Default: none.', 0.12).optional()

/** Schema of the key `price`. */
export const priceSchema = field(
  z.union([
    z.number().positive(),
    z.strictObject({ gpu_hour: amount('Price of one GPU for an hour.', 2.5), kwh, currency }),
    z.strictObject({
      server: amount('Price of a server with its share of network and rack.', 300000),
      gpus: field(z.int().min(1), 'GPUs of a server.', 'write a whole number from 1'),
      years: amount('Years over which the server is written off.', 4),
      use: field(
        share.refine(value => value > 0),
        'Share of the time in which the server is in use, 0–1. Default: 1.',
        'write a share such as 0.8',
      ).default(1),
      upkeep: field(
        share,
        'Yearly cost of upkeep, space and staff as a share of the server’s price, 0–1. Default: 0.',
        'write a share such as 0.05',
      ).default(0),
      kwh,
      currency,
    }),
  ]),
  'Cost of the GPUs, for costs per million tokens: a number for one GPU-hour, or its parts. Does not affect point ids. Default: none, and costs are empty.',
  'write { gpu_hour: 2.5, currency: EUR } or { server: 300000, gpus: 8, years: 4, kwh: 0.12 }',
)

/** Schema of the key `power`. */
export const powerSchema = field(
  z.strictObject({
    pue: field(
      z.number().min(1).max(10),
      'Power usage effectiveness of the site. Default: 1.',
      'write a number from 1',
    ).default(1),
    host_w: field(
      z.number().min(0),
      'Power of a host without its GPUs, in W per GPU. Default: 0.',
      'write a number of watts',
    ).default(0),
    network_w: field(
      z.number().min(0),
      'Power of the network for each GPU, W. Default: 0.',
      'write a number of watts',
    ).default(0),
  }),
  'Power that the site draws in addition to its GPUs, for figures of the total power. Does not affect point ids. Default: none, and those figures are empty.',
  'write { pue: 1.2, host_w: 150, network_w: 20 }',
)

/** The key `price` with its defaults: a number, a price per GPU-hour, or the price of a server. */
export type RawPrice = z.output<typeof priceSchema>
/** The key `power` with its defaults. */
export type RawPower = z.output<typeof powerSchema>
