/**
 * Routes here have no JSON schemas: roles parse what they get with their own bounded shapes. Without
 * this, fastify loads and sets up two schema compilers, a tenth of the CPU time that a node takes to start.
 */
import type { FastifyServerOptions } from "fastify";

const refuse = (): never => {
  throw new TypeError("routes of a node have no schemas: parse in the handler");
};

export const NO_SCHEMAS: Pick<FastifyServerOptions, "schemaController"> = {
  schemaController: {
    compilersFactory: { buildValidator: () => refuse, buildSerializer: () => refuse },
  },
};
