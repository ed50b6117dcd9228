"""Run in an environment of its own (pydantic 2): reads a data.inclusion file, prints every refusal, one a line."""

import json
import sys

from data_inclusion.schema.v1 import Service, Structure
from pydantic import ValidationError

content = json.load(sys.stdin)
for name, model in (("structures", Structure), ("services", Service)):
    for record in content[name]:
        try:
            model.model_validate(record, context={"ignore_warnings": False})
        except ValidationError as error:
            print(*(f"{record.get('id')}: {e['loc']}: {e['msg']}" for e in error.errors()), sep="\n")
