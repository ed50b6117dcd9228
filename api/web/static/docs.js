"use strict";

// The API's page (/docs): our own OpenAPI document, and no validator elsewhere.
SwaggerUIBundle({ url: "/openapi.json", dom_id: "#api", deepLinking: true, validatorUrl: null });
