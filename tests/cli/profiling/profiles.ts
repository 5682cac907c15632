/** Profiles in the format of pprof, read back. @module */
import { gunzipSync } from "node:zlib";
import { Profile } from "../../../src/deps/pprof-format.ts";

/** What a profile says, in words. */
export interface DecodedProfile {
  /** `name/unit` of each value of a sample. */
  readonly types: readonly string[];
  /** Stacks as `function:line`, innermost first. */
  readonly samples: readonly {
    readonly stack: readonly string[];
    readonly value: readonly number[];
  }[];
  /** `name/unit count`. */
  readonly period: string;
  readonly timeNanos: bigint;
  readonly durationNanos: bigint;
}

/** Decodes a gzipped profile. */
export function decodeProfile(bytes: Uint8Array): DecodedProfile {
  const profile = Profile.decode(gunzipSync(bytes));
  const text = (index: number | bigint) => profile.stringTable.strings[Number(index)] ?? "";
  const functions = new Map(profile.function.map((each) => [Number(each.id), each]));
  const locations = new Map(profile.location.map((each) => [Number(each.id), each]));
  const place = (id: number | bigint) => {
    const line = locations.get(Number(id))?.line[0];
    const name = functions.get(Number(line?.functionId))?.name ?? 0;
    return `${text(name)}:${line?.line}`;
  };
  const unit = (type: { type: number | bigint; unit: number | bigint } | undefined) =>
    `${text(type?.type ?? 0)}/${text(type?.unit ?? 0)}`;
  return {
    types: profile.sampleType.map(unit),
    samples: profile.sample.map(({ locationId, value }) => ({
      stack: locationId.map(place),
      value: value.map(Number),
    })),
    period: `${unit(profile.periodType)} ${profile.period}`,
    timeNanos: BigInt(profile.timeNanos),
    durationNanos: BigInt(profile.durationNanos),
  };
}
