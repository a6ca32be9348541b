/**
 * What a stage kind is to the rest of the system: findings, cards, exports and traces go by it, never by the kind's name. Each
 * kind's schema says one of these in `x-stage.role`.
 */
export const roles = {
  'real-data': 'takes in images from outside, which may show people who exist',
  'drawn-data': 'draws images or vectors by a program, without any photo',
  'generated-data': 'samples images from a generator',
  benchmark: 'makes or takes in sets that models are scored on',
  model: 'trains or takes in a network that looks at images, such as a recognizer',
  generator: 'trains or takes in a network that makes images',
  analysis: 'computes facts about data that later stages need, such as identity centers',
  selection: 'chooses among what other stages made, or puts it together: images, epochs, hyperparameters',
  evaluation: 'scores a model or judges a set of images',
  foreign: "runs code of a user's own, of which is known what it was given, and not what it did with it",
  report: 'shows results to people',
} as const;

export type StageRole = keyof typeof roles;

/** What an input is for: `x-stage.inputs` says it of every parameter that takes artifacts. */
export const inputUses = {
  'training-data': 'the images that a network learns from',
  guide: 'a network that conditions the training of another, or is part of its loss',
  autoencoder: 'the network in whose latents a generator works',
  'initial-weights': 'the weights that training starts from',
  generator: 'the network that makes the images',
  inquiries: 'the images or vectors that generated identities are made around',
  styles: 'images whose look, and not whose person, generated images take over',
  'scored-model': 'the model whose quality is measured',
  benchmark: 'what the model is scored on',
  validation: 'the benchmark that a training tries its model on, and may choose an epoch by',
  'judged-data': 'the images that are judged',
  judge: 'a model that embeds images, to compare or to choose them',
  'compared-data': 'the images that the judged ones are compared with',
  threshold: 'metrics whose threshold is used',
  strangers: 'images of people who are in no other set: what the judged images reach is compared with what these reach',
  candidates: 'what is chosen from',
  criterion: 'what the choice goes by, such as metrics',
  detector: 'a model that finds the faces that images are cut around',
  space: 'a model in whose embedding space vectors are drawn',
  given: "what code of a user's own was given, and may have learned from, copied or measured",
} as const;

export type InputUse = keyof typeof inputUses;

/** What an evaluation measures: `x-stage.measures`. */
export const measures = {
  accuracy: 'how well a model tells people apart on a benchmark',
  similarity: 'how similar generated images are to what they were asked to resemble',
  privacy: 'how near generated identities come to real ones',
  quality: 'how realistic or diverse images are',
  overlap: 'what a set holds twice, and what it shares with other sets',
} as const;

export type Measure = keyof typeof measures;

/** What the schema of a stage kind says of it beside its parameters. */
export interface KindFacts {
  /** `unknown`: this checkout has no such kind. */
  readonly role: StageRole | 'unknown';
  /** Whether a chain may end here: its outputs are raw data, made from no other stage's. */
  readonly raw: boolean;
  readonly measures?: Measure;
  /** What each parameter that takes artifacts is for. */
  readonly inputs: { readonly [parameter: string]: InputUse };
}

/** What is known of a kind of a user's own: what it was given. Which of its parameters that was, its actions say. */
export const ownKindFacts: KindFacts = { role: 'foreign', raw: false, inputs: {} };

/** What is known of a kind that this checkout does not have: nothing, so that nothing may be concluded from it. */
export const unknownKind: KindFacts = { role: 'unknown', raw: false, inputs: {} };
