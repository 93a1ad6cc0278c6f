"""The report as one HTML file that opens offline: no script, no style sheet, no font from afar."""

from collections.abc import Sequence
from typing import Final

from jinja2 import Environment

from expectations.engine import Outcome
from expectations.report import ValidationReport


_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Validation: {{ verdict }}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
body{font:15px/1.45 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem;color:#222}
h1 small{font-weight:400;color:#666;font-size:1rem}
table{border-collapse:collapse;width:100%;margin:.5rem 0 2rem}
th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #ddd;vertical-align:top}
th{background:#f4f4f4}td.n{text-align:right;font-variant-numeric:tabular-nums}
code{font-size:.9em;overflow-wrap:anywhere}
.passed{color:#1a7f37}.refused{color:#b42318}.aside{color:#9a6700}
</style></head><body>
<h1 class="{{ verdict }}">Validation: {{ verdict }}
<small>{{ report.checks }} expectations, {{ report.failures }} failed,
{{ report.skipped | length }} not evaluated</small></h1>
<p><a href="{{ report.docs }}">Data Docs</a> · rows set aside: <code>{{ report.quarantine }}</code>
· the same as data: <code>validation.json</code></p>
<h2>Rows</h2>
<table><tr><th>table</th><th>arrived</th><th>accepted</th><th>set aside, by reason</th></tr>
{% for name, rows in report.incoming.items() %}<tr><td>{{ name }}</td><td class="n">{{ rows }}</td>
<td class="n">{{ report.accepted.get(name, "unusable") }}</td>
<td>{% for reason, n in report.quarantined.get(name, {}).items() %}{{ reason }} {{ n }}
{{- "" if loop.last else ", " }}{% else %}none{% endfor %}</td></tr>
{% endfor %}</table>
{% if report.failed %}<h2>Failed</h2>
<table><tr><th>table</th><th>check</th><th>what should be true</th><th>found</th><th>examples</th>
<th>remedy</th></tr>
{% for check in report.failed %}<tr><td>{{ check.table }}</td>
<td class="{{ 'refused' if check.refuses else 'aside' }}">{{ check.check }}<br>
{{ "refuses the batch" if check.refuses
   else "rows set aside" if check.critical else "warning" }}</td>
<td>{{ check.description }}</td>
<td>{{ check.observed or "%d rows (%.3g %%)" | format(check.unexpected, 100 * check.share) }}</td>
<td>{% for example in check.examples %}<code>{{ example }}</code><br>{% endfor %}</td>
<td>{{ check.remedy }}</td></tr>
{% endfor %}</table>{% endif %}
<h2>Every expectation</h2>
<table><tr><th>table</th><th>rows</th><th>check</th><th>what should be true</th><th>result</th></tr>
{% for o in outcomes %}<tr><td>{{ o.table }}</td><td>{{ o.stage }}</td><td>{{ o.check }}</td>
<td>{{ o.description }}</td><td class="{{ 'passed' if o.success else 'refused' }}">
{{ "holds" if o.success else o.observed or "%d rows" | format(o.unexpected) }}</td></tr>
{% endfor %}{% for s in report.skipped %}<tr><td>{{ s.table }}</td><td></td><td>{{ s.check }}</td>
<td></td><td>not evaluated: {{ s.why }}</td></tr>
{% endfor %}</table>
</body></html>
"""


def render(report: ValidationReport, outcomes: Sequence[Outcome]) -> str:
    """Write the report as HTML; everything from the data is escaped."""
    template = Environment(autoescape=True, trim_blocks=True).from_string(_PAGE)
    verdict = "passed" if report.passed else "refused"
    return template.render(report=report, outcomes=outcomes, verdict=verdict) + "\n"
