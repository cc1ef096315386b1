// cloister override import

#include <CLI/CLI.hpp>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "client-sdk/cli/list_report.h"
#include "client-sdk/cli/override_commands.h"
#include "client-sdk/cli/override_list.h"
#include "client-sdk/cli/override_upload.h"

namespace cloister::cli {
namespace {

constexpr char kMore[] =
    "SOURCE is FORMAT:FILE, as for cloister-publish; \"-\" as FILE reads standard input. Files "
    "may\n"
    "be compressed (gzip, Zstandard, LZ4, ZIP). What cannot be read is left out and told; the "
    "rest\n"
    "is set. Each batch of a few thousand is one write with one entry in the audit trail; if the\n"
    "import breaks off, what was told as set stays, and importing the list again does no harm.\n"
    "A list that excepts something (rpz-passthru, \"!192.0.2.7\") has to be helped: an override\n"
    "cannot except. Very long lists are better published as a feed of their own.\n"
    "\n"
    "Exit codes: 0 all of the list is set; 6 some of it was left out, the rest is set;\n"
    "5 nothing could be set, or the list is damaged.\n"
    "\n"
    "Examples:\n"
    "  cloister override import hash:bad-hashes.txt --reason 'CERT 4711' --valid-for 30d\n"
    "  cloister override import domain:ours.txt --verdict trusted --scope subtree --reason ours\n"
    "  cloister override import rpz:rpz.zone --reason 'own policy' --dry-run\n"
    "  cloister override import csv:soc.csv --column value=indicator --reason 'SOC list'\n"
    "  curl -s https://soc.example/list | cloister override import list:- --reason 'SOC list'\n"
    "  cloister override export --to overrides.csv        written so that it can be read back:\n"
    "  cloister override import csv:overrides.csv --reason 'moved from the old appliance'";

struct ImportArguments {
  ListArguments list;
  std::string reason;
  bool dry_run = false;
};

v1::ImportOverridesStart StartOf(const ImportArguments& arguments, const OverrideList& list) {
  v1::ImportOverridesStart start;
  start.set_reason(arguments.reason);
  start.set_validate_only(arguments.dry_run);
  start.set_source(absl::StrCat(list.source.format, ":", list.source.path));
  return start;
}

// What the run came to, once the report is printed.
ExitCode Conclude(Session* session, const absl::Status& read, const ListReport& report,
                  const v1::ImportOverridesResponse& response) {
  if (!read.ok()) {
    return session->Fail(ExitCode::kFailed,
                         absl::StrCat(report.read.source(), ": ", read.message()));
  }
  const uint64_t missed = Missed(report) + response.refused();
  if (missed == 0) return ExitCode::kOk;
  return response.set() == 0 ? ExitCode::kFailed : ExitCode::kSomeLeftOut;
}

ExitCode Import(Session* session, const ImportArguments& arguments) {
  const absl::StatusOr<OverrideList> list = ReadListArguments(arguments.list, absl::Now());
  if (!list.ok()) return session->Fail(ExitCode::kUsage, list.status().message());
  ExitCode code = ExitCode::kOk;
  v1::AdminService::Stub* admin = session->Admin(&code);
  if (admin == nullptr) return code;
  const v1::ImportOverridesStart start = StartOf(arguments, *list);
  OverrideUpload upload(admin, session, start);
  ListReport report{feeds::FeedReport(start.source()), feeds::FeedReport(start.source())};
  const auto progress = [session](uint64_t read, absl::string_view what) {
    session->progress().Show(absl::StrCat(what, " read"), read, 0);
  };
  const absl::Status read = ReadOverrides(
      *list, progress, [&upload](v1::Override one) { return upload.Add(std::move(one)); }, &report);
  v1::ImportOverridesResponse response;
  if (!upload.Finish(read.ok(), &response, &code)) return code;
  if (session->options().json()) {
    session->out() << ToText(JsonOf(report, response, arguments.dry_run));
  } else {
    session->out() << TextOf(report, response, arguments.dry_run);
  }
  return Conclude(session, read, report, response);
}

void AddListOptions(CLI::App* imported, ListArguments* list) {
  imported->add_option("SOURCE", list->source, "a list; - reads standard input")
      ->type_name("FORMAT:FILE")
      ->required();
  imported
      ->add_option("--format", list->format,
                   absl::StrCat("FORMAT, where SOURCE is FILE alone: ",
                                absl::StrJoin(feeds::FeedFormats(), ", ")))
      ->type_name("FORMAT");
  imported->add_option("--verdict", list->verdict, "what to answer, where the format says nothing")
      ->check(CLI::IsMember({"malicious", "unwanted", "suspicious", "trusted", "known"}));
  imported
      ->add_option("--scope", list->scope, "how far hosts and URLs reach for which it says nothing")
      ->check(CLI::IsMember({"exact", "subtree", "subdomains_only"}));
  imported->add_option("--valid-for", list->valid_for,
                       "how long, for those that the list gives no end: 12h, 30d");
  imported
      ->add_option("--categories", list->categories, "malware,phishing: in place of the format's")
      ->delimiter(',');
  imported->add_option("--confidence", list->confidence, "0 to 100")->check(CLI::Range(0, 100));
  imported->add_option("--column", list->columns,
                       "OURS=THEIRS: which of a table's columns holds ours; once for each");
}

}  // namespace

void AddOverrideImport(CLI::App* command, Session* session) {
  auto arguments = std::make_shared<ImportArguments>();
  CLI::App* imported = command->add_subcommand("import", "Set the overrides of a whole list");
  imported->footer(kMore);
  AddListOptions(imported, &arguments->list);
  imported->add_option("--reason", arguments->reason, "why, for the audit trail")->required();
  imported->add_flag("--dry-run", arguments->dry_run, "only check, here and on the server");
  imported->callback([session, arguments] {
    session->command = [session, arguments] { return Import(session, *arguments); };
  });
}

}  // namespace cloister::cli
