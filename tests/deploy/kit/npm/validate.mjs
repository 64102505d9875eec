// Holds documents, a JSON list on stdin, against the models' own validators; prints what is wrong, a line each.
import { readFileSync } from "node:fs";

const MODELS = {
  "gateway.networking.k8s.io/v1": "gateway-api",
  "cert-manager.io/v1": "cert-manager",
  "monitoring.coreos.com/v1": "prometheus-operator",
};

for (const document of JSON.parse(readFileSync(0, "utf8"))) {
  const { apiVersion, kind, metadata } = document;
  const models = await import(`@kubernetes-models/${MODELS[apiVersion]}/${apiVersion}/${kind}`);
  try {
    new models[kind](document).validate();
  } catch (error) {
    console.log(`${kind} ${metadata.name}: ${error.message}`);
  }
}
