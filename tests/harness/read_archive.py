# Runs a script over an archive, then some questions: {"archive", "script", "questions": {name: sql}}
# comes in, {name: rows} goes out. Whole numbers stay whole.

import json
import sys

import duckdb

asked = json.load(sys.stdin)
database = duckdb.connect()
database.execute("SET VARIABLE archive = '" + asked["archive"].replace("'", "''") + "'")
database.execute(asked["script"])
answers = {}
for name, sql in asked["questions"].items():
    answers[name] = [list(row) for row in database.execute(sql).fetchall()]
json.dump(answers, sys.stdout, default=str)
