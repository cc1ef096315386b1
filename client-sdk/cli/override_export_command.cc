// cloister override export

#include <errno.h>
#include <string.h>

#include <cstdio>
#include <fstream>
#include <memory>
#include <ostream>

#include "absl/strings/str_cat.h"
#include "client-sdk/cli/override_commands.h"
#include "client-sdk/cli/override_csv.h"

namespace cloister::cli {
namespace {

constexpr int kPageSize = 1000;

constexpr char kMore[] =
    "Cloister's own CSV, in the order of lookup keys. Its column \"source\" says who set each and\n"
    "why; nothing reads it back. Who sets overrides meanwhile may or may not find them in it.\n"
    "\n"
    "Examples:\n"
    "  cloister override export --to overrides.csv\n"
    "  cloister override export | cloister --server other:7447 override import csv:- --reason copy";

struct ExportArguments {
  std::string file;
};

// Page by page, so that memory does not grow with their number. False if a call failed.
bool WriteAll(Session* session, std::ostream& out, uint64_t* written, ExitCode* code) {
  v1::ListOverridesRequest request;
  request.set_page_size(kPageSize);
  do {
    v1::ListOverridesResponse page;
    if (!session->Call(&v1::AdminService::Stub::ListOverrides, request, &page, code)) return false;
    if (request.page_token().empty()) out << OverrideCsvHeader();
    for (const v1::Override& one : page.overrides()) out << OverrideCsvRow(one);
    *written += static_cast<uint64_t>(page.overrides_size());
    session->progress().Show("overrides read", *written, 0);
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty() && out.good());
  session->progress().Clear();
  return true;
}

ExitCode WriteFile(Session* session, const std::string& path) {
  // In its place only when it is whole.
  const std::string unfinished = path + ".part";
  std::ofstream file(unfinished, std::ios::binary | std::ios::trunc);
  if (!file) return session->Fail(ExitCode::kUsage, absl::StrCat(path, ": ", strerror(errno)));
  uint64_t written = 0;
  ExitCode code = ExitCode::kOk;
  const bool all = WriteAll(session, file, &written, &code);
  file.close();
  if (all && file && std::rename(unfinished.c_str(), path.c_str()) == 0) {
    session->out() << written << " overrides written to " << Printable(path) << "\n";
    return ExitCode::kOk;
  }
  const std::string why = strerror(errno);
  std::remove(unfinished.c_str());
  if (!all) return code;
  return session->Fail(ExitCode::kFailed, absl::StrCat(path, ": cannot be written: ", why));
}

ExitCode Export(Session* session, const ExportArguments& arguments) {
  if (!arguments.file.empty()) return WriteFile(session, arguments.file);
  uint64_t written = 0;
  ExitCode code = ExitCode::kOk;
  if (!WriteAll(session, session->out(), &written, &code)) return code;
  session->out().flush();
  if (session->out()) return ExitCode::kOk;
  return session->Fail(ExitCode::kFailed, "standard output cannot be written");
}

}  // namespace

void AddOverrideExport(CLI::App* command, Session* session) {
  auto arguments = std::make_shared<ExportArguments>();
  CLI::App* exported = command->add_subcommand("export", "Write all overrides as CSV");
  exported->footer(kMore);
  exported->add_option("--to", arguments->file, "file to write; standard output if not given")
      ->type_name("FILE");
  exported->callback([session, arguments] {
    session->command = [session, arguments] { return Export(session, *arguments); };
  });
}

}  // namespace cloister::cli
