"""From `news.items` to `news.reports`: text, language, countries, organisations, topics, label and score.

Reads: `news.items`, article pages over HTTP, `config/taxonomy/` and the trained weights.
Writes: `news.reports`, the store's list of pages due.
Never: knows a watchlist, a route or a receiver.
"""

import os

# onnxruntime (1.32, on Linux too) keeps a device id and a database of events under ~/.cache/Microsoft, and sends them to
# mobile.events.data.microsoft.com. It looks here once, when it is imported; its `disable_telemetry_events()` comes too late for both.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
