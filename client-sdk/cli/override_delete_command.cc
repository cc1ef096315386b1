// cloister override delete

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "client-sdk/cli/command_line.h"
#include "client-sdk/cli/override_commands.h"
#include "client-sdk/cli/override_list.h"
#include "client-sdk/cli/things.h"

namespace cloister::cli {
namespace {

constexpr char kMore[] =
    "With --from a whole list goes, in any format that import takes, one override after the "
    "other;\n"
    "those that are not set are passed over. Exit code 5 if THING has no override, or the list\n"
    "cannot be read to its end; what was deleted until then stays so.\n"
    "\n"
    "Examples:\n"
    "  cloister override delete 192.0.2.77 --reason 'scanner retired'\n"
    "  cloister override delete --from hash:bad-hashes.txt --reason 'CERT 4711 withdrawn'";

struct DeleteArguments {
  std::string thing;
  std::string list;
  ObjectOptions object;
  std::string reason;
};

ExitCode DeleteOne(Session* session, const DeleteArguments& arguments) {
  const absl::StatusOr<Thing> thing = ReadThing(arguments.thing, arguments.object.forced_kind());
  if (!thing.ok()) return session->Fail(ExitCode::kUsage, thing.status().message());
  v1::DeleteOverrideRequest request;
  SetObject(thing->object, request.mutable_object());
  request.set_reason(arguments.reason);
  v1::DeleteOverrideResponse response;
  ExitCode code = ExitCode::kOk;
  if (!session->Call(&v1::AdminService::Stub::DeleteOverride, request, &response, &code)) {
    return code;
  }
  if (session->options().json()) {
    session->out() << ToText(JsonOf(response));
  } else {
    session->out() << "Deleted the override of "
                   << ObjectText(thing->input, thing->object, thing->hashed, "")
                   << "; gone from generation " << response.generation() << "\n";
  }
  return ExitCode::kOk;
}

// What became of a list.
struct Deleted {
  uint64_t deleted = 0;
  uint64_t not_set = 0;
  uint64_t generation = 0;
};

// False, after having printed why, if the call failed for another reason than that there is none.
bool DeleteListed(Session* session, const v1::DeleteOverrideRequest& request, Deleted* deleted,
                  ExitCode* code) {
  v1::AdminService::Stub* admin = session->Admin(code);
  if (admin == nullptr) return false;
  grpc::ClientContext context;
  context.set_deadline(client::Deadline::In(session->timeout()).ForGrpc());
  v1::DeleteOverrideResponse response;
  const grpc::Status status = admin->DeleteOverride(&context, request, &response);
  if (status.error_code() == grpc::StatusCode::NOT_FOUND) {
    ++deleted->not_set;
    return true;
  }
  if (!session->Succeeded(status, code)) return false;
  ++deleted->deleted;
  deleted->generation = response.generation();
  return true;
}

ExitCode DeleteList(Session* session, const DeleteArguments& arguments) {
  ListArguments from;
  from.source = arguments.list;
  // What has lapsed by now is deleted as well.
  const absl::StatusOr<OverrideList> list = ReadListArguments(from, absl::InfinitePast());
  if (!list.ok()) {
    return session->Fail(ExitCode::kUsage, absl::StrCat("--from: ", list.status().message()));
  }
  ListReport report{feeds::FeedReport(arguments.list), feeds::FeedReport(arguments.list)};
  Deleted deleted;
  ExitCode code = ExitCode::kOk;
  v1::DeleteOverrideRequest request;
  request.set_reason(arguments.reason);
  const auto take = [&](v1::Override one) -> absl::Status {
    *request.mutable_object() = std::move(*one.mutable_object());
    session->progress().Show("overrides deleted", deleted.deleted, 0);
    if (DeleteListed(session, request, &deleted, &code)) return absl::OkStatus();
    return absl::AbortedError("a call has failed");
  };
  const absl::Status read = ReadOverrides(*list, nullptr, take, &report);
  session->progress().Clear();
  if (session->options().json()) {
    session->out() << ToText({{"source", arguments.list},
                              {"deleted", deleted.deleted},
                              {"not_set", deleted.not_set},
                              {"left_out", Missed(report)},
                              {"generation", deleted.generation}});
  } else {
    session->out() << "Deleted " << deleted.deleted << " overrides; " << deleted.not_set
                   << " were not set, " << Missed(report) << " could not be read\n";
  }
  if (code != ExitCode::kOk || read.ok()) return code;
  return session->Fail(ExitCode::kFailed, absl::StrCat(arguments.list, ": ", read.message()));
}

ExitCode Delete(Session* session, const DeleteArguments& arguments) {
  if (arguments.thing.empty() == arguments.list.empty()) {
    return session->Fail(ExitCode::kUsage, "give either THING or --from; see --help");
  }
  return arguments.list.empty() ? DeleteOne(session, arguments) : DeleteList(session, arguments);
}

}  // namespace

void AddOverrideDelete(CLI::App* command, Session* session) {
  auto arguments = std::make_shared<DeleteArguments>();
  CLI::App* remove =
      command->add_subcommand("delete", "Delete the override of one object, or of a list");
  remove->footer(kMore);
  remove->add_option("THING", arguments->thing, "as it was set")->type_name("FILE|TEXT");
  AddKindOption(remove, &arguments->object);
  remove->add_option("--from", arguments->list, "a list, FORMAT:FILE as for import")
      ->type_name("FORMAT:FILE");
  remove->add_option("--reason", arguments->reason, "why, for the audit trail")->required();
  remove->callback([session, arguments] {
    session->command = [session, arguments] { return Delete(session, *arguments); };
  });
}

}  // namespace cloister::cli
