/** Specs that the tests of this folder read. @module */

/** A spec in the nested form. */
export const NESTED = `# The model of the season
apiVersion: v1
kind: Bundle
metadata: { name: epi-sir, version: "1.3.0", description: SIR model }   # bump me
spec:
  layers:
    - { name: code,   type: code,   files: ["src/**/*.py", "requirements.txt"], ignore: ["*.pyc"] }
    - { name: config, type: config, files: ["config/*.yaml"] }
    - { name: data,   type: data,   files: ["data/*"] }
  roles: { default: [code, config], runtime: [code, config], training: [code, config, data] }
  external_rules:
    - { pattern: "data/*.parquet", uri_template: "az://bundles/epi-sir/{path}", tier: cool, size_threshold: 10485760 }
  oras_size_limit: 104857600
`;

/** A spec in the flat form. */
export const FLAT = `name: EPI-sir
version: 1.8.0
layers:
  - name: code
    type: code
    files:
      - src/**
roles:
  default:
    - code
`;
