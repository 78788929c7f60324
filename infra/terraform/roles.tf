# Four roles. What each may do is in policies/, one JSON document each, which can be read and used without Terraform.

locals {
  roles = {
    auditor-writer = { principals = var.auditors, policies = ["bundle-writer", "ledger-writer"] }
    reader         = { principals = var.readers, policies = ["reader"] }
    ledger-writer  = { principals = var.ledger_writers, policies = ["ledger-writer"] }
    witness        = { principals = var.witnesses, policies = ["witness"] }
  }

  # A role that nobody may become is not made.
  made = { for name, role in local.roles : name => role if length(role.principals) > 0 }

  attached = merge([
    for name, role in local.made : { for policy in role.policies : "${name}/${policy}" => { role = name, policy = policy } }
  ]...)
}

resource "aws_iam_role" "role" {
  for_each             = local.made
  name                 = "${var.name}-${each.key}"
  assume_role_policy   = templatefile("${path.module}/policies/trust.json", { principals = each.value.principals })
  max_session_duration = 14400
  tags                 = var.tags
}

resource "aws_iam_role_policy" "policy" {
  for_each = local.attached
  name     = each.value.policy
  role     = aws_iam_role.role[each.value.role].id
  policy = templatefile("${path.module}/policies/${each.value.policy}.json", merge(local.names, {
    sealed_key      = aws_kms_key.sealed.arn
    disclosures_key = aws_kms_key.disclosures.arn
  }))
}
