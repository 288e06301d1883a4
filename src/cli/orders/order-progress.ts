import type { OrderItem, OrderStatus } from "../../model/order.ts";
import type { TextOutput } from "../context.ts";
import type { Paint } from "../render/colour.ts";
import { type MaintenanceStyle, maintenanceLine, maintenanceStep, maintenanceWords } from "../render/maintenance.ts";
import { safeText } from "../render/safe-text.ts";
import { stateColour } from "../render/state.ts";
import { fit } from "../render/width.ts";
import { orderWords } from "./order-words.ts";

/** Shows how an order goes on. `end` leaves nothing of it on a terminal; what came of it is said by others. */
export interface OrderProgress {
  show(status: OrderStatus): void;
  end(): void;
}

export const SILENT_PROGRESS: OrderProgress = { show: () => {}, end: () => {} };

/** Elsewhere than on a terminal: one line for each change of an instance. */
export class PlainProgress implements OrderProgress {
  private readonly output: TextOutput;
  private readonly shown = new Map<string, string>();

  constructor(output: TextOutput) {
    this.output = output;
  }

  show(status: OrderStatus): void {
    for (const item of status.items) {
      const line = itemLine(status.order, item);
      const step = isInMaintenance(item) ? maintenanceStep(item.maintenance) : line;
      if (this.shown.get(item.instance) === step) continue;
      this.shown.set(item.instance, step);
      this.output.write(`${line}\n`);
    }
  }

  end(): void {}
}

function isInMaintenance(item: OrderItem): item is OrderItem & Required<Pick<OrderItem, "maintenance">> {
  return item.maintenance !== undefined && item.outcome === "pending";
}

function itemLine(order: OrderStatus["order"], item: OrderItem): string {
  const reason = item.reason === null ? "" : `: ${safeText(item.reason)}`;
  switch (item.outcome) {
    case "pending": {
      const words = isInMaintenance(item) ? maintenanceWords(item.maintenance) : "";
      return `${item.instance} ${item.state}${words === "" ? reason : `: ${words}`}`;
    }
    case "done":
      return `${item.instance} ${orderWords(order).done}`;
    case "failed":
      return `${item.instance} failed${reason}`;
  }
}

export interface LiveStyle extends MaintenanceStyle {
  nowMs(): number;
}

/** On a terminal: a few lines that are drawn anew at each change, those that are not done yet first. */
export class LiveProgress implements OrderProgress {
  private readonly output: TextOutput;
  private readonly paint: Paint;
  private readonly style: LiveStyle;
  private drawnLines = 0;

  constructor(output: TextOutput, paint: Paint, style: LiveStyle) {
    this.output = output;
    this.paint = paint;
    this.style = style;
  }

  show(status: OrderStatus): void {
    const lines = this.lines(status).map((line) => `${line}\x1b[K\n`);
    this.output.write(`${this.rewind()}${lines.join("")}\x1b[J`);
    this.drawnLines = lines.length;
  }

  end(): void {
    if (this.drawnLines > 0) this.output.write(`${this.rewind()}\x1b[J`);
    this.drawnLines = 0;
  }

  private rewind(): string {
    return this.drawnLines > 0 ? `\x1b[${this.drawnLines}A\r` : "";
  }

  /** Never as many lines as the terminal has: what scrolled away cannot be drawn anew. */
  private lines(status: OrderStatus): readonly string[] {
    const open = status.items.filter((item) => item.outcome !== "done");
    const room = Math.max(1, this.output.rows - 3);
    const shown = open.length > room ? open.slice(0, room - 1) : open;
    const nameCells = Math.max(0, ...shown.map((item) => item.instance.length));
    const more = open.length - shown.length;
    return [
      this.countLine(status),
      ...shown.map((item) => this.itemRow(item, nameCells)),
      ...(more > 0 ? [this.paint("dim", `  and ${more} more`)] : []),
    ];
  }

  private countLine(status: OrderStatus): string {
    const count = (outcome: OrderItem["outcome"]) => status.items.filter((item) => item.outcome === outcome).length;
    const failed = count("failed");
    const done = `${status.order}: ${count("done")} of ${status.items.length} done`;
    return this.paint("bold", done) + (failed > 0 ? this.paint("red", `, ${failed} failed`) : "");
  }

  private itemRow(item: OrderItem, nameCells: number): string {
    const state = item.outcome === "failed" ? "failed" : item.state;
    const start = `  ${item.instance.padEnd(nameCells)}  ${state.padEnd(11)}`;
    const room = this.output.columns - 1;
    const head = fit(start, room, this.style.measure);
    const words = this.itemWords(item, room - start.length - 2);
    const reason = words === "" ? "" : `  ${words}`;
    return (
      head.replace(state, () =>
        this.paint(stateColour(item.outcome === "failed" ? "failed" : item.state, true), state),
      ) + reason
    );
  }

  private itemWords(item: OrderItem, room: number): string {
    if (room <= 0) return "";
    if (isInMaintenance(item)) return maintenanceLine(item.maintenance, this.style.nowMs(), this.style, room);
    return item.reason === null ? "" : fit(safeText(item.reason), room, this.style.measure);
  }
}
