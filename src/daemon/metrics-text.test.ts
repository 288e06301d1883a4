import { describe, expect, test } from "bun:test";
import { type MetricFamily, openMetricsText } from "./metrics-text.ts";
import { openMetricsFaults } from "./testing/check-open-metrics.ts";

function family(change: Partial<MetricFamily> = {}): MetricFamily {
  return { name: "muster_things", type: "gauge", help: "Things.", samples: [{ labels: {}, value: 1 }], ...change };
}

describe("OpenMetrics text", () => {
  test("is a head, samples and an end", () => {
    const text = openMetricsText([
      family({ samples: [{ labels: { service: "web", number: "1" }, value: 2.5 }] }),
      family({ name: "muster_work_seconds", type: "counter", unit: "seconds", help: "Work." }),
    ]);
    expect(text).toBe(`# TYPE muster_things gauge
# HELP muster_things Things.
muster_things{service="web",number="1"} 2.5
# TYPE muster_work_seconds counter
# UNIT muster_work_seconds seconds
# HELP muster_work_seconds Work.
muster_work_seconds_total 1
# EOF
`);
    expect(openMetricsFaults(text)).toEqual([]);
  });

  test("of nothing is its end", () => {
    expect(openMetricsText([])).toBe("# EOF\n");
    expect(openMetricsText([family({ samples: [] })])).toBe("# EOF\n");
  });

  test("escapes what would end a label or a line, and keeps all else as it is", () => {
    const value = 'a"b\\c\nd\\n<b>\x1b[31m\r\u2028é🙂{},=';
    const text = openMetricsText([family({ help: 'A "help"\n\\.', samples: [{ labels: { name: value }, value: 1 }] })]);
    expect(text).toContain('{name="a\\"b\\\\c\\nd\\\\n<b>\x1b[31m\r\u2028é🙂{},="} 1\n');
    expect(text).toContain('# HELP muster_things A \\"help\\"\\n\\\\.\n');
    expect(openMetricsFaults(text)).toEqual([]);
  });

  test.each([0, -0, 1e21, 5e-324, -12.75, Number.MAX_SAFE_INTEGER, 1.7976931348623157e308])("says %p", (value) => {
    const text = openMetricsText([family({ samples: [{ labels: {}, value }] })]);
    expect(openMetricsFaults(text)).toEqual([]);
    expect(Number(/^muster_things (.*)$/m.exec(text)?.[1])).toBe(value === 0 ? 0 : value);
  });

  test("leaves out what is no number", () => {
    const samples = [Number.NaN, Number.POSITIVE_INFINITY, 3].map((value, index) => ({
      labels: { index: String(index) },
      value,
    }));
    expect(openMetricsText([family({ samples })])).toContain('Things.\nmuster_things{index="2"} 3\n# EOF\n');
  });
});

describe("the check of the grammar", () => {
  const good = "# TYPE a gauge\na 1\n# EOF\n";
  test("takes what is right", () => expect(openMetricsFaults(good)).toEqual([]));

  const bad: Readonly<Record<string, string>> = {
    "no end": "# TYPE a gauge\na 1\n",
    "no last newline": "# TYPE a gauge\na 1\n# EOF",
    "an end in the middle": "# EOF\n# TYPE a gauge\na 1\n# EOF\n",
    "an empty line": "# TYPE a gauge\n\na 1\n# EOF\n",
    "a type that is none": "# TYPE a number\na 1\n# EOF\n",
    "a counter without _total": "# TYPE a counter\na 1\n# EOF\n",
    "a gauge with _total": "# TYPE a gauge\na_total 1\n# EOF\n",
    "a counter below 0": "# TYPE a counter\na_total -1\n# EOF\n",
    "a sample without family": "a 1\n# EOF\n",
    "a unit that the name does not have": "# TYPE a gauge\n# UNIT a bytes\na 1\n# EOF\n",
    "a type after samples": "# HELP a x\na 1\n# TYPE a gauge\n# EOF\n",
    "a help twice": "# HELP a x\n# HELP a x\na 1\n# EOF\n",
    "a family in two pieces": "# TYPE a gauge\na 1\n# TYPE b gauge\nb 1\n# TYPE a gauge\na 2\n# EOF\n",
    "a series twice": '# TYPE a gauge\na{x="1",y="2"} 1\na{y="2",x="1"} 1\n# EOF\n',
    "a label twice": '# TYPE a gauge\na{x="1",x="2"} 1\n# EOF\n',
    "an unescaped quote": '# TYPE a gauge\na{x="1"2"} 1\n# EOF\n',
    "a lonely backslash": '# TYPE a gauge\na{x="1\\2"} 1\n# EOF\n',
    "a label name with a dash": '# TYPE a gauge\na{x-y="1"} 1\n# EOF\n',
    "a comma at the end": '# TYPE a gauge\na{x="1",} 1\n# EOF\n',
    "a name with a dash": "# TYPE a-b gauge\na-b 1\n# EOF\n",
    "a value that is none": "# TYPE a gauge\na one\n# EOF\n",
    "two blanks": "# TYPE a gauge\na  1\n# EOF\n",
  };
  for (const [what, text] of Object.entries(bad)) {
    test(`finds ${what}`, () => expect(openMetricsFaults(text)).not.toEqual([]));
  }
});
