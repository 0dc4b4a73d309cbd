#pragma once
// Every command, one file each.

namespace reelgraph::cli {

class Program;

void add_ingest(Program& program);
void add_import(Program& program);
void add_index(Program& program);
void add_ask(Program& program);
void add_search(Program& program);
void add_timeline(Program& program);
void add_entities(Program& program);
void add_show(Program& program);
void add_identity(Program& program);
void add_frame(Program& program);
void add_clip(Program& program);
void add_export(Program& program);
void add_eval(Program& program);
void add_info(Program& program);
void add_verify(Program& program);
void add_models(Program& program);
void add_config(Program& program);
void add_doctor(Program& program);
void add_completion(Program& program);
void add_man(Program& program);

}  // namespace reelgraph::cli
