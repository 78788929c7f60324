output "audit_yaml" {
  description = "What audit.yaml says of this store and ledger. `retain` must be longer than retain_days."
  value       = <<-YAML
    store:
      kind: s3
      bucket: ${local.sealed.bundles}
      region: ${data.aws_region.current.region}
      kms_key: ${aws_kms_key.sealed.arn}
      retain: ${var.retain_days + 1}d
      disclosures: {bucket: ${local.disclosures}, kms_key: "${aws_kms_key.disclosures.arn}"}
    ledger: {kind: s3, bucket: ${local.sealed.ledger}, region: ${data.aws_region.current.region}}
  YAML
}

output "roles" {
  description = "The roles that were made, by what they are for."
  value       = { for name, role in aws_iam_role.role : name => role.arn }
}
