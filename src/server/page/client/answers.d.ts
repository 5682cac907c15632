/**
 * The documents that the page reads, as far as it reads them; the tests hold them against the types
 * of the product.
 * @module
 */

/** The documents below `/_/`, by name. */
export interface Answers {
  repositories: RepositoriesAnswer;
  tags: TagsAnswer;
  model: ModelAnswer | OtherAnswer;
  tensors: TensorsAnswer;
  readme: ReadmeAnswer;
}

/** A part of the repositories, by name. */
export interface RepositoriesAnswer {
  readonly repositories: readonly RepositoryRow[];
  /** All that the search finds. */
  readonly total: number;
  /** The name after which the next part starts; absent at the end. */
  readonly next?: string;
  /** Whether nobody can push. */
  readonly readOnly?: boolean;
}

/** A repository. */
export interface RepositoryRow {
  readonly name: string;
  /** How many tags it has. */
  readonly tags: number;
}

/** The tags of a repository, the newest first. */
export interface TagsAnswer {
  readonly tags: readonly TagRow[];
  readonly total: number;
  /** Tags that could not be read. */
  readonly warnings: readonly string[];
}

/** A tag. */
export interface TagRow {
  readonly tag: string;
  readonly kind: string;
  readonly digest: string;
  readonly size?: number;
  readonly createdAt?: string;
}

/** What is no model. */
export interface OtherAnswer {
  readonly kind: string;
  /** The kind in words. */
  readonly title: string;
  readonly digest: string;
  /** The manifests of an index, or the first of them. */
  readonly manifests?: readonly OtherPart[];
  /** The layers of anything else, or the first of them. */
  readonly files?: readonly OtherPart[];
  readonly size?: number;
  readonly mediaType?: string;
  readonly artifactType?: string;
  readonly createdAt?: string;
  readonly earlier?: readonly EarlierRow[];
  readonly facts?: undefined;
}

/** What something else is made of. */
export interface OtherPart {
  readonly path?: string;
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

/** The card of a model. */
export interface ModelAnswer {
  readonly kind: "model";
  readonly digest: string;
  readonly configDigest?: string;
  readonly size: number;
  readonly createdAt?: string;
  readonly facts: Facts;
  readonly source: Source;
  readonly capabilities: Capabilities;
  readonly parts: readonly Part[];
  /** The files, or the first of them. */
  readonly files: readonly FileRow[];
  /** How many there are. */
  readonly fileCount: number;
  readonly referrers: readonly ReferrerRow[];
  readonly earlier?: readonly EarlierRow[];
  readonly unread: readonly string[];
  readonly warnings: readonly string[];
}

/** What a model can do. */
export interface Capabilities {
  readonly inputTypes?: readonly string[];
  readonly outputTypes?: readonly string[];
  /** RFC 3339 time that its knowledge ends at. */
  readonly knowledgeCutoff?: string;
  readonly reasoning?: boolean;
  readonly toolUsage?: boolean;
  readonly reward?: boolean;
}

/** What the files say of a model. */
export interface Facts {
  readonly name?: string;
  readonly license?: string;
  readonly task?: string;
  readonly library?: string;
  readonly languages?: readonly string[];
  readonly datasets?: readonly string[];
  readonly baseModels?: readonly string[];
  readonly format?: string;
  readonly paramCount?: number;
  readonly paramCountIsEstimate?: boolean;
  readonly precision?: string;
  readonly quantization?: string;
  readonly architecture?: string;
  readonly family?: string;
  readonly modelClass?: string;
  readonly shape?: Shape;
  readonly adapter?: {
    readonly method: string;
    readonly baseModel?: string;
    readonly rank?: number;
    readonly alpha?: number;
    readonly targets?: readonly string[];
  };
  readonly tokenizer?: {
    readonly method?: string;
    readonly vocabularySize?: number;
    readonly chatTemplate?: boolean;
    readonly tools?: boolean;
  };
  readonly runsCode?: readonly string[];
  readonly tensorBytes?: number;
  readonly tensorCount?: number;
}

/** How large the parts of a network are. */
export interface Shape {
  readonly layers?: number;
  readonly width?: number;
  readonly heads?: number;
  readonly keyValueHeads?: number;
  readonly headWidth?: number;
  readonly contextLength?: number;
  readonly vocabularySize?: number;
  readonly experts?: number;
  readonly expertsPerToken?: number;
}

/** Where a model comes from. */
export interface Source {
  readonly authors?: readonly string[];
  readonly vendor?: string;
  readonly version?: string;
  readonly revision?: string;
  readonly url?: string;
  readonly documentation?: string;
  readonly description?: string;
}

/** The files of one kind together. */
export interface Part {
  readonly kind: string;
  readonly files: number;
  readonly size: number;
}

/** A file. */
export interface FileRow {
  readonly path: string;
  readonly kind?: string;
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

/** A manifest that refers to the model. */
export interface ReferrerRow {
  readonly digest: string;
  readonly kind: string;
  readonly artifactType?: string;
}

/** What a tag named before. */
export interface EarlierRow {
  readonly digest: string;
  readonly taggedAt: string;
}

/** The tensors, or the first of them. */
export interface TensorsAnswer {
  readonly tensors: readonly Tensor[];
  /** How many the model has. */
  readonly tensorCount: number;
  readonly unread: readonly string[];
  readonly warnings: readonly string[];
}

/** A tensor. */
export interface Tensor {
  readonly name: string;
  readonly type: string;
  readonly shape: readonly number[];
  readonly bytes?: number;
  readonly file: string;
}

/** What a model says of itself. */
export interface ReadmeAnswer {
  readonly path: string;
  readonly html: string;
  /** Whether it goes on behind what is shown. */
  readonly truncated: boolean;
}
