"""From `news.items` to `news.reports`: text, language, countries, organisations, topics, label and score.

Reads: `news.items`, article pages over HTTP, `config/taxonomy/` and the trained weights.
Writes: `news.reports`, the store's list of pages due.
Never: knows a watchlist, a route or a receiver.
"""

import os

# By itself onnxruntime (1.29 and newer) tells its makers which models are loaded, past the one guarded client, and keeps a number of this machine
# under HOME. It reads this when it is loaded, so it stands here, before any module of this package: https://github.com/microsoft/onnxruntime/pull/29843
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
