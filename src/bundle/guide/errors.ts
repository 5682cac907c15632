/**
 * The failures of bundles under the names of the bundles guide, and the exit codes it gives them.
 * @module
 */

export {
  ConflictError as WorkdirConflict,
  InvalidInputError as ValidationError,
  NotFoundError as BundleNotFoundError,
  RoleMismatchError as RoleLayerMismatch,
  TransferError as BundleDownloadError,
  UnsupportedError as UnsupportedMediaType,
} from "../../core/errors.ts";

/** The exit code that the guide gives each of its failures. */
export const GUIDE_EXIT_CODES = {
  BundleNotFoundError: 1,
  ValidationError: 2,
  BundleDownloadError: 3,
  UnsupportedMediaType: 10,
  RoleLayerMismatch: 11,
  WorkdirConflict: 12,
} as const;
